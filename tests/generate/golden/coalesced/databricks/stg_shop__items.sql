with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            coalesce(quantity, try_cast(quantity__v_text as bigint)) as quantity,
            coalesce(cast(weight as double), weight__v_double) as weight,
            coalesce(
                cast(price as double),
                try_cast(price__v_text as double),
                price__v_double
            ) as price,
            coalesce(ratio, cast(cast(ratio__v_bool as integer) as double)) as ratio,
            coalesce(sold, try_cast(sold__v_text as boolean)) as sold,
            coalesce(sold_on, try_cast(sold_on__v_text as date)) as sold_on,
            coalesce(`at`, try_cast(at__v_text as timestamp)) as `at`,
            coalesce(opens, opens__v_text) as opens,
            coalesce(
                extra,
                to_json(cast(extra__v_text as variant)),
                to_json(cast(extra__v_bigint as variant))
            ) as extra,
            coalesce(
                a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                try_cast(
                    a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice__v_text
                    as double
                )
            ) as a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
