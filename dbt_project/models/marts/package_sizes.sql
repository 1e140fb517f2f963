with
    packages as (select * from {{ ref("stg_python_packages__packages") }}),
    files as (select * from {{ ref("stg_python_packages__packages__files") }}),
    ranked_files as (
        select
            _dlt_parent_id,
            path,
            size_bytes,
            row_number() over (
                partition by _dlt_parent_id order by size_bytes desc, path
            ) as size_rank
        from files
        where size_bytes is not null
    )
select
    packages.name,
    packages.version,
    rank() over (order by packages.size_bytes desc) as size_rank,
    packages.size_bytes,
    round(
        100.0 * packages.size_bytes / nullif(sum(packages.size_bytes) over (), 0), 1
    ) as percent_of_all,
    packages.file_count,
    ranked_files.path as largest_file,
    ranked_files.size_bytes as largest_file_bytes
from packages
left join
    ranked_files
    on packages._dlt_id = ranked_files._dlt_parent_id
    and ranked_files.size_rank = 1
where packages.size_bytes is not null
