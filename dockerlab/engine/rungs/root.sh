#!/bin/sh
# Runs as PID 1 of a new PID, mount and network namespace and ends as the parent of dockerd.
# The engine sees the learner's folders at their own paths, but its programs come from the engine
# bundle: its C library may be newer than the machine's, and dockerd re-executes itself, so the
# whole root is exchanged instead of playing with the loader.
#
# From the supervisor: DL_BUNDLE (empty: the machine's own dockerd), DL_ROOT (an empty folder),
# DL_RUN (sockets), DL_DATA (data root), DL_OPTIONS (of dockerd), DL_PROXY (the command that publishes a port).
set -eu

if [ -n "$DL_BUNDLE" ]; then
  mount -t tmpfs -o mode=755 dockerlab "$DL_ROOT"
  for folder in usr etc proc run .host; do mkdir "$DL_ROOT/$folder"; done
  mount --bind "$DL_BUNDLE/usr" "$DL_ROOT/usr"
  for link in bin sbin lib lib64; do [ -e "/$link" ] && ln -s "usr/$link" "$DL_ROOT/$link"; done
  cp -R "$DL_BUNDLE/etc/." "$DL_ROOT/etc/"
  for shown in ssl hosts localtime; do
    [ -e "/etc/$shown" ] || continue
    rm -rf "$DL_ROOT/etc/$shown"
    if [ -d "/etc/$shown" ]; then mkdir "$DL_ROOT/etc/$shown"; else : > "$DL_ROOT/etc/$shown"; fi
    mount --bind "/etc/$shown" "$DL_ROOT/etc/$shown"
  done
  [ -d /usr/share/ca-certificates ] && [ -d "$DL_ROOT/usr/share/ca-certificates" ] &&
    mount --bind /usr/share/ca-certificates "$DL_ROOT/usr/share/ca-certificates"
  [ -d /lib/modules ] && [ -d "$DL_ROOT/usr/lib/modules" ] &&
    mount --bind /lib/modules "$DL_ROOT/usr/lib/modules"
  for folder in /*; do
    name=${folder#/}
    case $name in bin | sbin | lib* | usr | etc | proc | run | lost+found) continue ;; esac
    if [ -L "$folder" ] || [ ! -d "$folder" ]; then continue; fi
    mkdir -p "$DL_ROOT/$name"
    mount --rbind "$folder" "$DL_ROOT/$name"
  done
  mount -t proc proc "$DL_ROOT/proc"
  mount -t tmpfs -o mode=755 run "$DL_ROOT/run"
  for place in "$DL_RUN" "$DL_DATA"; do
    mkdir -p "$DL_ROOT$place"
    mount --bind "$place" "$DL_ROOT$place"
  done
  rm -f "$DL_ROOT/etc/resolv.conf"
  cd "$DL_ROOT"
  pivot_root . .host
  resolver=/etc/resolv.conf
  host=/.host
else
  mount -t proc proc /proc
  # Its own /run: dockerd would otherwise share a system containerd that it finds there.
  resolver=$(readlink -f /etc/resolv.conf || echo /etc/resolv.conf)
  mount --bind "$DL_RUN" "$DL_ROOT"
  mount -t tmpfs -o mode=755 run /run
  mkdir -p "$DL_RUN" "$(dirname "$resolver")"
  mount --bind "$DL_ROOT" "$DL_RUN"
  [ -e "$resolver" ] || : > "$resolver"
  : > /run/resolv.conf
  mount --bind /run/resolv.conf "$resolver"
  host=/
fi
# The user-space network answers DNS at this address.
echo 'nameserver 10.0.2.3' > "$resolver"

export PATH=/run/dockerlab-bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/dockerlab-bin
# Kernels differ in which of the two packet filters they carry: take the one that answers.
for kind in nft legacy; do
  tool=$(command -v "xtables-$kind-multi") || continue
  "$tool" iptables -t nat -L -n > /dev/null 2>&1 || continue
  for name in iptables ip6tables iptables-save iptables-restore ip6tables-save ip6tables-restore; do
    ln -sf "$tool" "/run/dockerlab-bin/$name"
  done
  break
done
# Publishing a port is asked of the supervisor, which sits in the host's network.
cat > /run/dockerlab-bin/publish-port << PROXY
#!/bin/sh
exec chroot "$host" $DL_PROXY "\$@"
PROXY
chmod 755 /run/dockerlab-bin/publish-port

dockerd --host "unix://$DL_RUN/docker.sock" --data-root "$DL_DATA" --exec-root "$DL_RUN/exec" \
  --pidfile /run/dockerlab.pid --config-file "$DL_RUN/daemon.json" $DL_OPTIONS \
  --userland-proxy-path /run/dockerlab-bin/publish-port --log-level warn &
daemon=$!
trap 'kill -TERM $daemon' TERM INT
# PID 1 must also reap the container shims that are handed to it; `wait` in sh does.
while kill -0 $daemon 2> /dev/null; do wait $daemon || true; done
