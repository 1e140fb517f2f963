with
    source as (select * from {{ source("shop", "long") }}),
    ranked as (
        select
            *,
            row_number() over (
                -- the latest row of each key comes first
                partition by
                    a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
                    b_a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice
                order by
                    _dlt_load_id desc,
                    c_a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice desc,
                    _dlt_id asc
            ) as _row_number
        from source
    ),
    renamed as (
        select
            -- keys
            a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            b_a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            -- columns
            c_a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            d_a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from ranked
        where
            _row_number = 1
            -- the latest row may say that its key is deleted
            and (
                d_a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice
                is null
                or d_a_column_whose_name_is_so_long_that_no_line_has_room_for_it_twice
                = 0
            )
    )
select *
from renamed
