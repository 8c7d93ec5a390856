import Foundation
import Testing

extension BootTests.Updates {
    private static let count = 1000

    /// On UEFI: another release of the kernel, and the power goes in the middle of the first try.
    @Test(.enabled(if: BootTests.isLong)) func finishesWhatAPowerCutLeft() async throws {
        let lab = try await UpdateLab("update-cut")
        try lab.writeProgram(
            "etc/init.d/show",
            """
            #!/bin/sh
            echo "shows $(uname -r) $(ls /opt/many | wc -l) $(cat /opt/many/*[0-9] | sort | uniq -c | tr -s '\\n ' ' ')"
            """)
        try lab.runAtStart("/etc/init.d/show")
        for (text, kernel) in [("old", "linux-image-cloud-amd64"), ("new", "linux-image-amd64")] {
            try lab.write(
                Dictionary(uniqueKeysWithValues: (0..<Self.count).map { ("opt/many/\($0)", text) }), below: lab.root)
            try await lab.build(kernel, "perseid.test=\(text)")
        }
        try lab.write(["nodescripts/pre-update/all/10-cut": Self.cut], below: lab.state)
        try await lab.whileInstalled("small@2", firmware: "uefi") {
            try await lab.ready("small@2", after: 0)
            #expect(try await lab.perseid("node", "set", "n001", "--capsule", "small@3").succeeded)
            let cut = try await lab.perseid("update", "n001", "--timeout", "120")
            #expect(!cut.succeeded)
            try await goesOn(lab)
        }
    }

    /// In the middle of the image's pass the machine starts anew, without a word to its disk.
    private static let cut =
        "#!/bin/sh\n"
        + UpdateLab.leaveBehind("until grep -q new /opt/many/500; do :; done; echo b > /proc/sysrq-trigger")

    private func goesOn(_ lab: UpdateLab) async throws {
        try await lab.ready("small@2", after: 1)
        let left = try shown(lab)
        #expect(left.kernel.contains("cloud") && left.new > 0 && left.new < Self.count, "\(left)")
        #expect(left.new + left.old == Self.count, "each file is old or new: \(left)")

        try FileManager.default.removeItem(atPath: lab.state + "/nodescripts/pre-update/all/10-cut")
        try lab.write(["nodescripts/post-update/all/10-restart": "#!/bin/sh\n\(UpdateLab.restart)"], below: lab.state)
        let update = try await lab.perseid("update", "n001")
        #expect(update.succeeded, Comment(rawValue: update.output + update.errors))
        let due = try #require(update.output.firstMatch(of: /a reboot is due for kernel (\S+-amd64)/)?.output.1)
        try await lab.ready("small@3", after: 2)
        let done = try shown(lab)
        #expect(done.kernel == due && !due.contains("cloud") && done.new == Self.count && done.old == 0, "\(done)")
        #expect(done.names == Self.count, "what was written and had no name yet is gone")
        try await lab.isAt("small@3")
    }

    /// What the machine's last start showed: its kernel, how many names there are, and how many files are new and old.
    private func shown(_ lab: UpdateLab) throws -> (kernel: Substring, names: Int, new: Int, old: Int) {
        let line = try #require(try lab.console().last { $0.contains("shows ") })
        let words = line[(try #require(line.firstRange(of: "shows "))).upperBound...].split(separator: " ")
        let counts = stride(from: 2, to: words.count - 1, by: 2).map { (Int(words[$0]), words[$0 + 1]) }
        #expect(counts.allSatisfy { $0.0 != nil && ["new", "old"].contains($0.1) }, "\(line)")
        func count(_ text: String) -> Int { counts.first { $0.1 == text }?.0 ?? 0 }
        return (try #require(words.first), try #require(Int(words[1])), count("new"), count("old"))
    }
}
