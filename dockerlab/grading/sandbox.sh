#!/bin/sh
# The room a submission runs in: called in new mount, PID, IPC and network namespaces by sandbox.py.
#   HOMES=… HIDDEN=… sandbox.sh WORK USER PYTHON KEPT... -- PROGRAM...
# HOMES and HIDDEN: a path on each line. Inside, /tmp is all that can be written; homes, data and engines'
# sockets are not there.
set -euf
lines='
'
work=$1 user=$2 python=$3
shift 3
mount -t proc proc /proc

# First set aside what runs the kernel (Python, this package, the docker command): it may lie in /tmp or a home.
# In /sys, because nothing of anybody's lies there.
aside=/sys
mount -t tmpfs -o size=1m,mode=755 tmpfs $aside
mkdir $aside/work
mount --bind "$work" $aside/work
count=0
for kept in "$@"; do
  [ "$kept" != -- ] || break
  count=$((count + 1))
  mkdir "$aside/$count"
  mount --rbind "$kept" "$aside/$count"
done

mount -t tmpfs -o size=512m,mode=1777,nosuid,nodev tmpfs /tmp
[ ! -d /dev/shm ] || mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev tmpfs /dev/shm
set +f
for file in $aside/work/*; do
  inside=/tmp/${file##*/}
  if [ -S "$file" ]; then : > "$inside" && mount --bind "$file" "$inside"; else cp "$file" "$inside"; fi
done
set -f
umount $aside/work

# Hide every home, and whatever else is not the system's, around what is kept.
IFS=$lines
for home in $HOMES; do
  [ ! -d "$home" ] || mount -t tmpfs -o size=1m,mode=755 tmpfs "$home"
done
count=0
while [ "$1" != -- ]; do
  count=$((count + 1))
  [ -d "$1" ] || mkdir -p "$1"
  mount --move "$aside/$count" "$1"
  mount -o remount,bind,ro "$1"
  shift
done
shift
umount $aside
for socket in /var/run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock; do
  [ ! -S "$socket" ] || mount --bind /dev/null "$socket"
done
mkdir /tmp/.hidden
# The answers are not for those who are asked.
for solutions in $HIDDEN; do mount --bind /tmp/.hidden "$solutions"; done
unset IFS

while read -r _ _ _ _ point _; do
  case $point in /tmp | /tmp/* | /dev/shm | /proc | /proc/* | /dev | /dev/*) ;; *)
    mount -o remount,bind,ro "$(printf '%b' "$point")" 2>/dev/null || : ;;
  esac
done < /proc/self/mountinfo

"$python" -ISc 'import fcntl, socket, struct
with socket.socket() as s: fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))'
cd /tmp
unset HIDDEN HOMES
if [ "$user" = 0 ]; then  # of a user namespace: nobody else is mapped
  exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
fi
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all --reuid="$user" --regid="$user" --clear-groups "$@"
