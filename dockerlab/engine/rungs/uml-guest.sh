# What is User-Mode Linux's own in guest-init.sh: the host's folders are mounted as they are.
disk=/dev/ubda
wire=vec0
modules="iptable_nat iptable_filter"

mount_programs() {
  /busybox mount -t hostfs -o "$bundle/usr" bundle /usr
  /usr/bin/mount -t tmpfs -o mode=755 run /run
  /usr/bin/mount --bind /usr/lib/uml/modules /usr/lib/modules
}

mount_shares() { for folder in $shares; do mount -t hostfs -o "$folder" host "$folder"; done; }

end_machine() { halt -f; }
