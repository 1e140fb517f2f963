with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            coalesce(
                quantity, try_cast(nullif(trim(quantity__v_text), '') as bigint)
            ) as quantity,
            coalesce(cast(weight as double precision), weight__v_double) as weight,
            coalesce(
                cast(price as double precision),
                try_cast(nullif(trim(price__v_text), '') as double precision),
                price__v_double
            ) as price,
            coalesce(
                ratio, cast(cast(ratio__v_bool as integer) as double precision)
            ) as ratio,
            coalesce(
                sold,
                decode(
                    lower(trim(sold__v_text)),
                    'true',
                    true,
                    '1',
                    true,
                    'false',
                    false,
                    '0',
                    false
                )
            ) as sold,
            coalesce(
                sold_on, try_cast(nullif(trim(sold_on__v_text), '') as date)
            ) as sold_on,
            coalesce(
                "at", try_cast(nullif(trim(at__v_text), '') as timestamptz)
            ) as "at",
            coalesce(
                opens,
                try_cast(nullif(trim(opens__v_text), '') as time without time zone)
            ) as opens,
            coalesce(
                extra, cast(extra__v_text as super), cast(extra__v_bigint as super)
            ) as extra,
            coalesce(
                a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                try_cast(
                    nullif(
                        trim(
                            a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice__v_text
                        ),
                        ''
                    ) as double precision
                )
            ) as a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
