#!/bin/bash
# One folder of frames on a Slurm cluster: eight shards as a job array, then one job that unites them.
#
#   FRAMES=/data/cruise PIPELINE=pipeline.yaml OUT=/data/cruise-objects bash slurm.sh submit
#
# A task that is killed or requeued goes on where it was; one that is done already ends at once. Shards lie in $OUT.shards.
#SBATCH --job-name=ship
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail

ship=${SHIP:-ship}
shards=${SHARDS:-8}
: "${FRAMES:?the folder of images}" "${PIPELINE:?the pipeline file}" "${OUT:?the project folder to make}"

case ${1:-task} in
submit)
    array=$(sbatch --parsable --array="1-$shards" --export=ALL "$0" task)
    # afterany, not afterok: a shard with a bad image ends with 2, and the merge names that image.
    sbatch --dependency="afterany:$array" --array=1-1 --export=ALL "$0" merge
    ;;
task)
    mkdir -p "$OUT.shards"
    "$ship" run "$PIPELINE" --input "$FRAMES" --output "$OUT.shards/$SLURM_ARRAY_TASK_ID" \
        --shard "$SLURM_ARRAY_TASK_ID/${SLURM_ARRAY_TASK_COUNT:-$shards}" --workers "${SLURM_CPUS_PER_TASK:-2}"
    ;;
merge)
    "$ship" merge "$OUT" "$OUT.shards"/*
    ;;
*)
    echo "usage: slurm.sh submit | task | merge" >&2
    exit 64
    ;;
esac
