with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            coalesce(
                quantity, accurateCastOrNull(quantity__v_text, 'Int64')
            ) as quantity,
            coalesce(cast(weight, 'Nullable(Float64)'), weight__v_double) as weight,
            coalesce(
                cast(price, 'Nullable(Float64)'),
                accurateCastOrNull(price__v_text, 'Float64'),
                price__v_double
            ) as price,
            coalesce(
                ratio, cast(cast(ratio__v_bool, 'Nullable(Int64)'), 'Nullable(Float64)')
            ) as ratio,
            coalesce(sold, accurateCastOrNull(sold__v_text, 'Boolean')) as sold,
            coalesce(
                sold_on,
                accurateCastOrNull(
                    parseDateTimeOrNull(sold_on__v_text, '%Y-%m-%d'), 'Date'
                )
            ) as sold_on,
            coalesce(
                "at", accurateCastOrNull(at__v_text, 'DateTime64(6,''UTC'')')
            ) as "at",
            coalesce(opens, opens__v_text) as opens,
            coalesce(
                extra, toJSONString(extra__v_text), toJSONString(extra__v_bigint)
            ) as extra,
            coalesce(
                a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                accurateCastOrNull(
                    a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice__v_text,
                    'Float64'
                )
            ) as a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
