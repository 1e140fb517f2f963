with
    packages as (select * from {{ ref("stg_python_packages__packages") }}),
    requirements as (
        select * from {{ ref("stg_python_packages__packages__requirements") }}
    ),
    unmet as (
        -- a package may state one requirement several times: once a pair is enough
        select distinct requirements.name, packages.name as required_by
        from requirements
        inner join packages on requirements._dlt_parent_id = packages._dlt_id
        left join packages as installed on requirements.name = installed.name
        where
            requirements.applies_here
            and requirements.name is not null
            and installed.name is null
    )
select
    name,
    count(*) as required_by_count,
    {{
        dbt.listagg(
            measure="required_by",
            delimiter_text="', '",
            order_by_clause="order by required_by",
        )
    }} as required_by
from unmet
group by name
