import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

/// Needs root, for owners.
@Suite(.enabled(if: geteuid() == 0)) struct RootCustomizationTests: StoreTests {
    let test: TestStore

    init() throws {
        test = try TestStore("test")
        _ = try KernelFixture.write(in: directory, below: "source")
        try directory.write("source/usr/lib/tool", "tool")
        try directory.write("source/usr/share/doc/x", "doc")
        try directory.write("source/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        try directory.write("source/etc/group", "root:x:0:\nadm:x:4:\nshadow:x:42:\n")
        try directory.write("source/etc/shadow", "root:*:19518:0:99999:7:::\n")
        try directory.write(
            "source/usr/lib/systemd/system/tool.service",
            "[Service]\nExecStart=/usr/lib/tool\n[Install]\nWantedBy=multi-user.target\n")
        try directory.write("outside/secret", "untouched")
        try directory.run(
            "mv source/lib/modules source/usr/lib/; rmdir source/lib; ln -s usr/lib source/lib; ln -s ../../../outside source/etc/out"
        )
    }

    private func description(_ text: String) throws -> CapsuleDescription {
        try CapsuleDescription(
            CapsuleDescriptionTests.node(text), file: "capsule.yaml", directory: directory.path)
    }

    private func extract(_ built: BuiltCapsule) throws -> String {
        let image = directory.path + "/image-\(built.generation.number)"
        let index = try store.index(of: built.generation)
        _ = try store.extract(.root, of: index, to: image)
        if built.manifest.imageFormat == "squashfs-zstd" {
            try directory.run("unsquashfs -q -n -d root-\(built.generation.number) \(image)")
        }
        return "root-\(built.generation.number)"
    }

    private let text = """
        source: ./source
        files:
          - path: /lib/added
            content: hello\\n
            mode: 0640
            owner: alice
            group: hpc
          - path: /etc/motd
            source: motd
          - path: /scratch/deep
            directory: true
            mode: 1777
          - path: /etc/zone
            link: /usr/share/zone
        users:
          - name: alice
            uid: 2001
            groups:
              - adm
            sshKeys:
              - ssh-ed25519 AAAA alice
          - name: root
            passwordHash: $6$salt$hash
        groups:
          - name: hpc
            gid: 2000
        services:
          enable: tool.service
          mask: other.service
        exclude:
          - usr/share/doc/*
        scripts:
          - name: first
            stage: ready
            content: #!/bin/sh\\n
        rootMode: tmpfs
        """

    @Test func rootIsAsDescribedAndTheSameTwice() async throws {
        try directory.write("motd", "welcome\n")
        let description = try description(text)
        let built = try await CapsuleBuilder(store: store).build(name, as: description)
        let root = try extract(built)
        #expect(try directory.read("\(root)/usr/lib/added") == Array("hello\n".utf8))
        #expect(try directory.read("\(root)/etc/motd") == Array("welcome\n".utf8))
        var status = stat()
        #expect(stat("\(directory.path)/\(root)/usr/lib/added", &status) == 0)
        #expect(status.st_uid == 2001 && status.st_gid == 2000 && status.st_mode & 0o7777 == 0o640)
        #expect(try directory.permissions("\(root)/scratch/deep") == 0o1777)
        #expect(try String(decoding: directory.read("\(root)/etc/group"), as: UTF8.self).contains("adm:x:4:alice\n"))
        let shadow = try String(decoding: directory.read("\(root)/etc/shadow"), as: UTF8.self)
        #expect(shadow == "root:$6$salt$hash:19518:0:99999:7:::\nalice:!:19518:0:99999:7:::\n")
        #expect(try directory.permissions("\(root)/etc/shadow") == 0o640)
        #expect(try directory.permissions("\(root)/home/alice/.ssh/authorized_keys") == 0o600)
        let wants = "\(directory.path)/\(root)/etc/systemd/system/multi-user.target.wants/tool.service"
        #expect(try DurableFiles.target(ofLink: wants).hasSuffix("/systemd/system/tool.service"))
        #expect(DurableFiles.status(wants)?.kind == .link)
        #expect(
            try DurableFiles.target(ofLink: "\(directory.path)/\(root)/etc/systemd/system/other.service") == "/dev/null"
        )
        #expect(!directory.exists("\(root)/usr/share/doc/x") && directory.exists("\(root)/usr/share/doc"))
        let script = try #require(built.manifest.settings?.scripts.first)
        #expect(ContentDigest(hashing: try directory.read(root + script.path)) == script.sha256)
        #expect(built.manifest.settings?.rootMode == .tmpfs)
        // The source is read only.
        #expect(!directory.exists("source/usr/lib/added"))

        let again = try await CapsuleBuilder(store: store).build(name, as: description)
        #expect(again.manifest.streams == built.manifest.streams)
        #expect(again.newBytes == 0)
    }

    @Test func linksOfTheRootLeadNowhereOutside() async throws {
        let description = try description("source: ./source\nfiles:\n  - path: /etc/out/evil\n    content: x")
        let built = try await CapsuleBuilder(store: store).build(name, as: description)
        #expect(try directory.names("outside") == ["secret"])
        // As the node itself would see it: `..` of the root is the root.
        #expect(try directory.exists("\(extract(built))/outside/evil"))
    }

    @Test func accountsThatCollideAreNamed() async throws {
        for text in [
            "users:\n  - name: bob\n    uid: 0", "users:\n  - name: root\n    uid: 5",
            "groups:\n  - name: adm\n    gid: 9", "users:\n  - name: bob\n    groups:\n      - nobody",
            "files:\n  - path: /x\n    content: x\n    owner: nobody",
        ] {
            let description = try description("source: ./source\n" + text)
            let error = await #expect(throws: CapsuleBuildError.self) {
                try await CapsuleBuilder(store: store).build(name, as: description)
            }
            #expect(error?.description.contains("'") == true, "\(text)")
            #expect(try store.list().isEmpty)
        }
    }

    @Test func erofsIsTheSameTwice() async throws {
        let description = try description("source: ./source\nimageFormat: erofs\nexclude:\n  - usr/share/*")
        let built = try await CapsuleBuilder(store: store).build(name, as: description)
        let again = try await CapsuleBuilder(store: store).build(name, as: description)
        #expect(built.manifest.imageFormat == "erofs-lz4")
        #expect(built.manifest.streams == again.manifest.streams)
        _ = try extract(built)
        try directory.run(
            "fsck.erofs image-1; dump.erofs --ls --path=/usr/share image-1 > listing; dump.erofs --ls --path=/usr/lib image-1 > lib"
        )
        #expect(try !String(decoding: directory.read("listing"), as: UTF8.self).contains(" doc"))
        #expect(try String(decoding: directory.read("lib"), as: UTF8.self).contains(" tool"))
        #expect(try !String(decoding: directory.read("lib"), as: UTF8.self).contains(" 6.1.0"))
    }
}
