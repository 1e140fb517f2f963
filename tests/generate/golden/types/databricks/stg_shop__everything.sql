with
    source as (select * from {{ source("shop", "everything") }}),
    renamed as (
        select
            -- keys
            id,
            -- columns
            a_text,
            a_text_of_100,
            a_bigint,
            a_bigint_of_8,
            a_bigint_of_16,
            a_bigint_of_32,
            a_double,
            a_bool,
            a_timestamp,
            a_timestamp_to_3,
            a_local_timestamp,
            a_local_timestamp_to_3,
            a_date,
            a_time,
            a_time_to_3,
            a_decimal,
            a_decimal_18_2,
            a_wei,
            a_json,
            a_binary,
            a_binary_of_16,
            -- loaded by dlt
            _dlt_load_id,
            _dlt_id
        from source
    )
select *
from renamed
