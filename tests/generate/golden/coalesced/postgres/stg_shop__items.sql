with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            coalesce(
                quantity,
                cast(substring(quantity__v_text, '^\s*[-+]?\d{1,18}\s*$') as bigint)
            ) as quantity,
            coalesce(cast(weight as double precision), weight__v_double) as weight,
            coalesce(
                cast(price as double precision),
                cast(
                    substring(
                        price__v_text,
                        '^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?\s*$'
                    ) as double precision
                ),
                price__v_double
            ) as price,
            coalesce(
                ratio,
                cast(
                    substring(
                        cast(ratio__v_bool as text),
                        '^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?\s*$'
                    ) as double precision
                )
            ) as ratio,
            coalesce(
                sold,
                cast(
                    substring(
                        sold__v_text,
                        '(?i)^\s*(?:true|false|t|f|yes|no|y|n|on|off|1|0)\s*$'
                    ) as boolean
                )
            ) as sold,
            coalesce(
                sold_on,
                cast(
                    substring(
                        sold_on__v_text,
                        '^\s*\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\s*$'
                    ) as date
                )
            ) as sold_on,
            coalesce(
                at,
                cast(
                    substring(
                        at__v_text,
                        '^\s*\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?(?:Z|[-+][01]\d(?::?[0-5]\d)?)?\s*$'
                    ) as timestamptz
                )
            ) as at,
            coalesce(
                opens,
                cast(
                    substring(
                        opens__v_text,
                        '^\s*(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?\s*$'
                    ) as time without time zone
                )
            ) as opens,
            coalesce(
                extra, to_jsonb(extra__v_text), to_jsonb(extra__v_bigint)
            ) as extra,
            coalesce(
                a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                cast(
                    substring(
                        a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice__v_text,
                        '^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?\s*$'
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
