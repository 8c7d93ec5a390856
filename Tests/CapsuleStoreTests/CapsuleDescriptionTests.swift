import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct CapsuleDescriptionTests {
    /// `key: value` lines, two blanks a level, `- ` items and inline values: as much of YAML as the tests need.
    static func node(_ text: String) -> DescriptionNode {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
            (number: $0.offset + 1, text: String($0.element))
        }
        lines.removeAll { $0.text.allSatisfy { $0 == " " } }
        var position = 0
        return block(lines, &position, indent: 0)
    }

    private static func block(
        _ lines: [(number: Int, text: String)], _ position: inout Int, indent: Int
    ) -> DescriptionNode {
        var fields: [DescriptionNode.Field] = []
        var items: [DescriptionNode] = []
        let first = lines.indices.contains(position) ? lines[position].number : 1
        while lines.indices.contains(position) {
            let (number, text) = lines[position]
            let depth = text.prefix { $0 == " " }.count
            guard depth == indent else { break }
            let body = text.dropFirst(depth)
            if body.hasPrefix("- ") {
                var inner = lines
                inner[position].text = String(repeating: " ", count: depth + 2) + body.dropFirst(2)
                if body.contains(": ") || body.hasSuffix(":") {
                    items.append(block(inner, &position, indent: depth + 2))
                } else {
                    items.append(DescriptionNode(line: number, value: .scalar(String(body.dropFirst(2)))))
                    position += 1
                }
                continue
            }
            let parts = body.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            position += 1
            if value.isEmpty {
                let next = lines.indices.contains(position) ? lines[position].text.prefix { $0 == " " }.count : 0
                let inner =
                    next > depth
                    ? block(lines, &position, indent: next) : DescriptionNode(line: number, value: .nothing)
                fields.append(.init(key: parts[0], line: number, value: inner))
            } else {
                let node = DescriptionNode(line: number, value: .scalar(value.replacing("\\n", with: "\n")))
                fields.append(.init(key: parts[0], line: number, value: node))
            }
        }
        return DescriptionNode(line: first, value: items.isEmpty ? .mapping(fields) : .list(items))
    }

    private func read(_ text: String) throws(DescriptionError) -> CapsuleDescription {
        try CapsuleDescription(Self.node(text), file: "capsule.yaml", directory: "/d")
    }

    @Test func everythingIsRead() throws {
        let description = try read(
            """
            source: base.pkglist
            packages:
              - vim
              - tmux=3.3a-3
            kernel: linux-image-amd64
            kernelArguments: quiet console=ttyS0
            files:
              - path: /etc/motd
                content: hello
                mode: 0600
                owner: alice
              - path: /scratch
                directory: true
                mode: 1777
            users:
              - name: alice
                uid: 2001
                passwordHash: $6$salt$hash
                sshKeys:
                  - ssh-ed25519 AAAA alice
            groups:
              - name: hpc
                gid: 2000
            services:
              enable: ssh.service
              mask:
                - apt-daily.timer
            exclude:
              - /usr/share/doc/*
            scripts:
              - name: scratch
                stage: ready
                content: x
            imageFormat: erofs
            rootMode: tmpfs
            retention:
              keep: 3
              days: 10
            """)
        #expect(description.packages == ["vim", "tmux=3.3a-3"])
        #expect(description.files.map(\.permissions) == [0o600, 0o1777])
        #expect(description.files[0].owner == "alice" && description.files[1].contents == .directory)
        #expect(description.users[0].keys == ["ssh-ed25519 AAAA alice"])
        #expect(description.services.enabled == ["ssh.service"] && description.services.masked == ["apt-daily.timer"])
        #expect(description.excluded == ["usr/share/doc/*"])
        #expect(description.scripts[0].stage == .ready)
        #expect(description.imageFormat == .erofs && description.rootMode == .tmpfs)
        #expect(description.retention == RetentionPolicy(keep: 3, days: 10))
        #expect(description.resolve("x") == "/d/x" && description.resolve("/x") == "/x")
    }

    @Test func allProblemsAreSaidAtOnceWithTheirLines() throws {
        let error = #expect(throws: DescriptionError.self) {
            try read(
                """
                source: busybox
                colour: blue
                packages:
                  - Not A Package
                files:
                  - path: etc/motd
                    content: x
                  - path: /a/../b
                    link: x
                  - path: /c
                    mode: 0999
                  - content: x
                users:
                  - name: al ice
                    passwordHash: secret
                  - uid: 4294967295
                services:
                  enable: ssh
                exclude:
                  - ../x
                imageFormat: ext4
                retention:
                  keep: 0
                """)
        }
        let found = error?.problems.map { "\($0.line) \($0.key)" } ?? []
        #expect(
            found == [
                "2 colour", "4 packages[1]", "6 files[1].path", "8 files[2].path", "10 files[3]",
                "11 files[3].mode", "12 files[4].path", "14 users[1].name", "15 users[1].passwordHash",
                "16 users[2].name", "16 users[2].uid", "18 services.enable[1]", "20 exclude[1]", "21 imageFormat",
                "23 retention.keep",
            ])
        #expect(error?.description.contains("capsule.yaml:2: colour: no such key; there are: source,") == true)
        #expect(error?.description.contains("secret") == true)
    }

    @Test func rootMustComeFromSomewhere() throws {
        #expect(throws: DescriptionError.self) { try read("rootMode: tmpfs") }
        #expect(throws: DescriptionError.self) { try read("- a") }
        let error = #expect(throws: DescriptionError.self) { try read("source: ./root\npackages:\n  - vim") }
        #expect(error?.problems.map(\.key) == ["packages"])
        #expect(try read("packages:\n  - vim").packages == ["vim"])
    }

    @Test func packagesAreOfOneKind() throws {
        let text = "release: 9.4\nrepositories: site.repo\npackages:\n  - NetworkManager\n"
        let description = try read(text)
        #expect(description.release == "9.4" && description.repositories == ["site.repo"])
        #expect(description.packages == ["NetworkManager"])
        for (more, problem) in [
            ("suite: bookworm", "release"), ("source: ./root", "packages"), ("source: a.tar\nrelease: a/b", "release"),
        ] {
            let error = #expect(throws: DescriptionError.self) { try read("\(text)\(more)") }
            #expect(error?.problems.contains { $0.key == problem } == true)
        }
        let error = #expect(throws: DescriptionError.self) { try read("repositories: site.repo\npackages: vim") }
        #expect(error?.problems.map { "\($0.line) \($0.key)" } == ["1 repositories"])
    }
}
