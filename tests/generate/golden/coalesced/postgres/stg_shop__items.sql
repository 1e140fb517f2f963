with
    source as (select * from {{ source("shop", "items") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            coalesce(
                quantity,
                cast(
                    jsonb_path_query_first(
                        to_jsonb(
                            cast(
                                substring(
                                    quantity__v_text, '^(?!.{255})\s*([-+]?[0-9]+)\s*$'
                                ) as numeric
                            )
                        ),
                        '$ ? (@ >= -9223372036854775808 && @ <= 9223372036854775807)'
                    ) as bigint
                )
            ) as quantity,
            coalesce(cast(weight as double precision), weight__v_double) as weight,
            coalesce(
                cast(price as double precision),
                cast(
                    jsonb_path_query_first(
                        to_jsonb(
                            cast(
                                substring(
                                    price__v_text,
                                    '^(?!.{255})\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)\s*$'
                                ) as numeric
                            )
                        ),
                        '$ ? (@ == 0 || @.abs() >= 5e-324 && @.abs() <= 1.7976931348623157e308)'
                    ) as double precision
                ),
                price__v_double
            ) as price,
            coalesce(
                ratio, cast(cast(ratio__v_bool as integer) as double precision)
            ) as ratio,
            coalesce(
                sold,
                cast(
                    substring(
                        sold__v_text,
                        '(?i)^\s*(true|false|t|f|yes|no|y|n|on|off|1|0)\s*$'
                    ) as boolean
                )
            ) as sold,
            coalesce(
                sold_on,
                cast(
                    substring(
                        sold_on__v_text,
                        '^\s*((?:(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29))\s*$'
                    ) as date
                )
            ) as sold_on,
            coalesce(
                at,
                cast(
                    substring(
                        at__v_text,
                        '^\s*((?:(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?)?(?:Z|[-+](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)?)\s*$'
                    ) as timestamptz
                )
            ) as at,
            coalesce(
                opens,
                cast(
                    substring(
                        opens__v_text,
                        '^\s*((?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?)\s*$'
                    ) as time without time zone
                )
            ) as opens,
            coalesce(
                extra, to_jsonb(extra__v_text), to_jsonb(extra__v_bigint)
            ) as extra,
            coalesce(
                a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                cast(
                    jsonb_path_query_first(
                        to_jsonb(
                            cast(
                                substring(
                                    a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice__v_text,
                                    '^(?!.{255})\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)\s*$'
                                ) as numeric
                            )
                        ),
                        '$ ? (@ == 0 || @.abs() >= 5e-324 && @.abs() <= 1.7976931348623157e308)'
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
