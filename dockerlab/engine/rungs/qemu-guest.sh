# What is QEMU's own in guest-init.sh: disks, the host's folders over 9p, and a sleep without them.
disk=/dev/vdc
wire=eth0
modules="virtio_net 9p 9pnet_virtio nft_compat nft_chain_nat"

mount_programs() {
  export PATH=/run/bin:/usr/sbin:/usr/bin
  # The kernel is Alpine's, and its modules lie on Alpine's own disk.
  /busybox mkdir -p /alpine
  /busybox mount -t ext4 -o ro,noload /dev/vdb /alpine
  /busybox mount --bind /alpine/lib/modules /usr/lib/modules
  mount -t tmpfs -o mode=755 run /run
  # Compressed with gzip, which only busybox's modprobe knows here; and this kernel has only the newer filter.
  mkdir /run/bin
  ln -s /busybox /run/bin/modprobe
  for name in iptables iptables-save iptables-restore; do ln -s /usr/sbin/xtables-nft-multi /run/bin/$name; done
  echo /run/bin/modprobe > /proc/sys/kernel/modprobe
}

mount_shares() {
  modprobe -a 9p 9pnet_virtio
  mkdir -p /host
  mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=mmap host /host
  cat /host/etc/hosts > /etc/hosts # also after a sleep, and maybe in another pod
  for folder in $shares; do mount --bind "/host$folder" "$folder"; done
  umount /host
}

# A machine with a folder of its host mounted cannot be saved.
fall_asleep() {
  for folder in $shares; do umount "$folder" || { mount_shares; return 1; }; done
  sync
}

wake_up() {
  date -s "@$1" > /dev/null
  mount_shares
}

end_machine() { poweroff -f; }
