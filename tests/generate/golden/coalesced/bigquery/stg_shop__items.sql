with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            coalesce(quantity, safe_cast(quantity__v_text as int64)) as quantity,
            coalesce(cast(weight as float64), weight__v_double) as weight,
            coalesce(
                cast(price as float64),
                safe_cast(price__v_text as float64),
                price__v_double
            ) as price,
            coalesce(ratio, cast(cast(ratio__v_bool as int64) as float64)) as ratio,
            coalesce(sold, safe_cast(sold__v_text as bool)) as sold,
            coalesce(sold_on, safe_cast(sold_on__v_text as date)) as sold_on,
            coalesce(`at`, safe_cast(at__v_text as timestamp)) as `at`,
            coalesce(opens, safe_cast(opens__v_text as time)) as opens,
            coalesce(
                extra,
                if(extra__v_text is null, null, to_json(extra__v_text)),
                if(extra__v_bigint is null, null, to_json(extra__v_bigint))
            ) as extra,
            coalesce(
                a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                safe_cast(
                    a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice__v_text
                    as float64
                )
            ) as a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
