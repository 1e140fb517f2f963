with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            coalesce(
                quantity, try_cast(nullif(quantity__v_text, '') as bigint)
            ) as quantity,
            coalesce(cast(weight as float), weight__v_double) as weight,
            coalesce(
                cast(price as float),
                try_cast(nullif(price__v_text, '') as float),
                price__v_double
            ) as price,
            coalesce(ratio, cast(cast(ratio__v_bool as integer) as float)) as ratio,
            coalesce(sold, try_cast(nullif(sold__v_text, '') as bit)) as sold,
            coalesce(sold_on, try_cast(nullif(sold_on__v_text, '') as date)) as sold_on,
            coalesce([at], try_cast(nullif(at__v_text, '') as datetimeoffset)) as [at],
            coalesce(opens, try_cast(nullif(opens__v_text, '') as time)) as opens,
            coalesce(
                extra,
                try_cast(
                    replace(
                        cast('"_"' as nvarchar(max)),
                        '_',
                        string_escape(extra__v_text, 'json')
                    ) as json
                ),
                try_cast(cast(extra__v_bigint as nvarchar(max)) as json)
            ) as extra,
            coalesce(
                a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                try_cast(
                    nullif(
                        a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice__v_text,
                        ''
                    ) as float
                )
            ) as a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
