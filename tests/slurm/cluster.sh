#!/bin/sh
# A SLURM cluster of this machine alone, for tests: `cluster.sh start FOLDER`, `cluster.sh stop FOLDER`.
# Needs root, and Debian's slurm-wlm and munge. FOLDER takes its settings, state and logs; then SLURM_CONF=FOLDER/slurm.conf.
set -eu
folder=$2
case $1 in
start)
  mkdir -p "$folder/state" "$folder/spool" /run/munge /etc/munge
  [ -s /etc/munge/munge.key ] || { head -c 1024 /dev/urandom > /etc/munge/munge.key; chmod 400 /etc/munge/munge.key; }
  chown -R munge: /run/munge /etc/munge /var/lib/munge /var/log/munge
  munge -n > /dev/null 2>&1 || runuser -u munge -- munged
  cat > "$folder/slurm.conf" << END
ClusterName=lookalike
SlurmctldHost=$(hostname -s)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
NodeName=$(hostname -s) $(slurmd -C | grep -o 'CPUs=[0-9]*\|CoresPerSocket=[0-9]*\|SocketsPerBoard=[0-9]*\|Boards=[0-9]*\|ThreadsPerCore=[0-9]*\|RealMemory=[0-9]*' | tr '\n' ' ')
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
  slurmctld -f "$folder/slurm.conf"
  slurmd -f "$folder/slurm.conf"
  tries=0
  until SLURM_CONF="$folder/slurm.conf" sinfo --noheader --format %t 2> /dev/null | grep -q idle; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { tail "$folder"/*.log >&2; exit 1; }
    sleep 0.5
  done
  ;;
stop)
  for name in slurmd slurmctld; do
    [ ! -s "$folder/$name.pid" ] || kill "$(cat "$folder/$name.pid")" || true
  done
  ;;
esac
