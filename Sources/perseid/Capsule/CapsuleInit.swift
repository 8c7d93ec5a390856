import ArgumentParser
import CapsuleFormat
import Foundation

struct CapsuleInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a commented capsule.yaml that builds as it is.",
        discussion: """
            It goes to NAME/capsule.yaml, where `perseid capsule build NAME` finds it. A file that is there is left alone.

            Example: perseid capsule init compute && perseid capsule build compute
            """)

    @Argument(help: "Name of the capsule.")
    var name: String
    @Option(name: .shortAndLong, help: "The file, if not NAME/capsule.yaml.")
    var file: String?

    func validate() throws {
        _ = try CapsuleName.validated(name)
    }

    func run() throws {
        let url = URL(fileURLWithPath: file ?? CapsuleBuild.standardFile(of: name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        do {
            try Data(Self.template(name).utf8).write(to: url, options: .withoutOverwriting)
        } catch CocoaError.fileWriteFileExists {
            throw ValidationError("\(url.relativePath) is there already; it is left alone")
        }
        print("\(url.relativePath): edit it, then: perseid capsule build \(name)")
    }

    static func template(_ name: String) -> String {
        """
        # What is in the capsule `\(name)`. Build it with: perseid capsule build \(name)
        # Lines that begin with `#` are comments: examples of what may be said.

        # Where the root comes from: packages alone, as here, or a source.
        #source: debian.pkglist              # a list of packages, one a line
        #source: ./root                      # a directory with a root file system
        #source: root.tar.zst                # a tar file of one, or of a container image
        #source: oci:image:latest            # an OCI image layout, and the name of an image in it
        #source: ssh://golden.example/       # a running machine
        #source: busybox                     # the smallest root that boots

        # Debian packages, from the apt sources of this host. With a .pkglist as the source: further ones.
        suite: bookworm
        packages:
          - dbus
          - iproute2
          - kmod
          - procps
          - systemd-sysv
          - udev

        # RPM packages instead, by dnf: a release in the place of the suite, and .repo files, which are left out where
        # those of this host are meant. The kernel is one of the packages then.
        #release: 9
        #repositories: [rocky.repo]
        #packages: [systemd, iproute, kmod, procps-ng, kernel-core]

        # A Debian package, a .deb file, or a directory with boot/ and lib/modules/. The root's own, if left out.
        kernel: linux-image-cloud-amd64
        kernelArguments: console=tty0 console=ttyS0,115200n8

        # Files put into the root: one of content, source (beside this file), link, directory.
        files:
          - path: /etc/motd
            content: |
              This is \(name), booted from a Perseid capsule.
        #  - path: /etc/ssh/sshd_config.d/site.conf
        #    source: sshd-site.conf
        #    mode: 0600
        #    owner: root
        #    group: root
        #  - path: /scratch
        #    directory: true
        #    mode: 1777
        #  - path: /etc/localtime
        #    link: /usr/share/zoneinfo/UTC

        # Accounts. Whoever can fetch the capsule can read the hashes: prefer keys.
        #groups:
        #  - name: hpc
        #    gid: 2000
        #users:
        #  - name: root
        #    sshKeys: [ssh-ed25519 AAAA… admin]
        #  - name: alice
        #    uid: 2001
        #    group: hpc
        #    groups: [adm]
        #    shell: /bin/bash
        #    passwordHash: $y$…              # mkpasswd -m yescrypt

        # systemd units.
        #services:
        #  enable: [ssh.service]
        #  disable: [apt-daily.timer]
        #  mask: [systemd-resolved.service]

        # Left out of the image: shell patterns below the root.
        exclude:
          - usr/share/doc/*
          - usr/share/man/*

        # Programs that the agent runs on the node: `handoff`, before the root's init, `ready`, before it reports,
        # or `post-install`, at the end of an install on a disk.
        #scripts:
        #  - name: mount-scratch
        #    stage: ready
        #    source: mount-scratch.sh

        imageFormat: squashfs                # or erofs: lz4, larger, faster to read
        rootMode: overlay                    # the image in memory under a tmpfs; or tmpfs: all of it unpacked; or
                                             # lazy: as overlay, and started before all of the image is there

        # What `perseid capsule gc` keeps of generations that nobody uses.
        retention:
          keep: 5
          days: 30

        """
    }
}
