#!/usr/bin/env bash
# One run on a Spark cluster, from a checkout at the same path on every machine:
#
#   deploy/spark/submit.sh spark://HOST:7077 INPUT... --output DIR [options of newsbeam run, or of Beam]
#
# Spark's driver is Beam's job server, which the command starts and stops. SPARK_MEMORY (default: 2g) is the memory of each executor's JVM;
# documents are cleaned beside it, in separate processes. NEWSBEAM and SPARK_JOB_SERVER name another command and another jar.
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
