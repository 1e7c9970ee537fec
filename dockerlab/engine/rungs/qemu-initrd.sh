#!/bin/sh
# First process of the machine, in place of Alpine's own, in the initramfs of Alpine: finds the disk with the
# programs of the engine bundle and hands over to /guest, which was packed beside this script. The root must
# not be the initramfs itself: containers exchange their root for another, which that one does not allow.
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
modprobe -a virtio_blk ext4
/bin/busybox mount -t tmpfs -o mode=755 root /newroot
/bin/busybox cp -a /guest/. /newroot
/bin/busybox mount -t ext4 -o ro,noload /dev/vda /newroot/usr
/bin/busybox mount --move /dev /newroot/dev
/bin/busybox umount /proc
exec /bin/busybox switch_root /newroot /init
