#!/usr/bin/env bash
# One run on a Spark cluster, from a checkout that lies at the same path on every machine of it:
#
#   deploy/spark/submit.sh spark://HOST:7077 INPUT... --output DIR [options of newsbeam run, or of Beam]
#
# Spark's driver is Beam's job server, which the command starts and ends. SPARK_MEMORY (2g) is what each executor's JVM gets; the
# documents are cleaned beside it, in processes of their own. NEWSBEAM and SPARK_JOB_SERVER name a command and a jar elsewhere.
set -euo pipefail
if [ $# -lt 3 ] || [[ "$1" != spark://* ]]; then
    sed -n 's/^# \{0,3\}//p' "$0" | tail -n +2 >&2
    exit 2
fi
top=$(cd "$(dirname "$0")/../.." && pwd)
master=$1
shift
exec "${NEWSBEAM:-$top/.venv/bin/newsbeam}" run "$@" --resume --runner spark --spark_master_url "$master" \
    --spark_job_server_jar "${SPARK_JOB_SERVER:-$top/deploy/spark/target/spark-job-server.jar}" \
    --job_server_jvm_properties="-Dspark.executor.memory=${SPARK_MEMORY:-2g}"
