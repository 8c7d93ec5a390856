import BootMachine
import CapsuleFormat
import FoundationEssentials
import PacketIO
import Testing

@testable import AgentKit

/// What an update of an installed node brings, and what it leaves alone.
@Suite struct UpdateTests {
    private static let info = """
        22 1 252:3 / / rw,relatime shared:1 - ext4 /dev/vda3 rw
        23 22 252:4 / /var rw shared:2 - xfs /dev/vda4 rw
        24 22 0:5 / /dev rw - devtmpfs udev rw
        25 22 0:40 / /opt/with\\040blank rw - nfs4 server:/x rw
        26 22 252:5 / /scratch rw - ext4 /dev/vdb1 rw
        27 22 252:3 /srv/x /usr/share/bound rw - ext4 /dev/vda3 rw
        28 22 252:6 / /usr rw master:1 propagate_from:2 - ext4 /dev/vda6 rw
        """
    private static let table = "# x\nUUID=1 / ext4 defaults 0 1\nserver:/h /apps nfs rw 0 0\nUUID=2 none swap sw 0 0\n"

    private func scope(_ excludes: [String] = [], own: Set<String> = []) throws -> UpdateScope {
        UpdateScope(
            excludes: try excludes.map { try PathRule($0) }, own: own,
            mounts: MountTable(mountInfo: Self.info, fileSystemTable: Self.table), release: "6.1.0-old",
            names: { ["/var", "/usr", "/apps", "/usr/lib/modules/6.1.0-new"].contains($0) ? ["something"] : [] })
    }

    @Test func everyRuleReads() {
        // A pattern that does not read is left out of the table.
        #expect(UpdateRules.table.count == 49)
        for rule in UpdateRules.table {
            #expect(rule.pattern.text.hasPrefix("/") || rule.pattern.text == "lost+found/")
        }
    }

    @Test(arguments: [
        ("/etc/fstab", false, TreeDifference.Owner.node), ("/etc/ssh/ssh_host_rsa_key", false, .node),
        ("/etc/systemd/network", true, .node), ("/home", true, .node), ("/boot", true, .node), ("/tmp", true, .node),
        ("/var/lib/perseid", true, .node), ("/var", true, .data), ("/var/lib/dpkg", true, .image),
        ("/root", true, .data),
        ("/lost+found", true, .node), ("/scratch/lost+found", true, .node),
    ])
    func theTableSaysWhose(path: String, isDirectory: Bool, owner: TreeDifference.Owner) {
        #expect(UpdateRules.owner(of: path, isDirectory: isDirectory) == owner)
    }

    @Test func theRestIsTheImages() {
        for path in ["/etc/motd", "/usr/bin/ls", "/etc/ssh/sshd_config", "/opt/tool", "/etc/passwd"] {
            #expect(UpdateRules.owner(of: path, isDirectory: false) == nil)
        }
    }

    @Test func otherFileSystemsAreTheNodesUnlessTheyAreTheSystems() throws {
        let scope = try scope()
        #expect(scope.owner(of: "/usr", isDirectory: true) == nil)
        #expect(scope.owner(of: "/var", isDirectory: true) == .data)
        for path in ["/scratch", "/opt/with blank", "/usr/share/bound", "/apps"] {
            #expect(scope.owner(of: path, isDirectory: true) == .node, "\(path)")
        }
        // The running kernel's modules stay until the next start.
        #expect(scope.owner(of: "/usr/lib/modules/6.1.0-old", isDirectory: true) == .node)
        #expect(scope.owner(of: "/usr/lib/modules/6.1.0-new", isDirectory: true) == nil)
        #expect(scope.owner(of: "/usr/lib/modules/6.0-older", isDirectory: true) == nil)
    }

    @Test func excludesAndOwnFilesAreTheNodes() throws {
        let scope = try scope(["+ /opt/a", "/opt/*", "*.local"], own: ["/etc/motd"])
        #expect(scope.owner(of: "/opt/b", isDirectory: true) == .node)
        #expect(scope.owner(of: "/opt/a", isDirectory: true) == nil)
        #expect(scope.owner(of: "/etc/x.local", isDirectory: false) == .node)
        #expect(scope.owner(of: "/etc/motd", isDirectory: false) == .node)
        // What the system owns is not given away by taking an exclude back.
        #expect(try self.scope(["+ /etc/fstab"]).owner(of: "/etc/fstab", isDirectory: false) == .node)
    }

    @Test func saysWhatChangedAndWhetherARebootIsDue() throws {
        let (old, new) = (try ScratchDirectory(), try ScratchDirectory())
        for (root, text) in [(old.path, "old"), (new.path, "new")] {
            for path in ["/etc/motd", "/etc/shadow", "/usr/bin/daemon", "/usr/lib/systemd/systemd"] {
                try SmallFile.makeDirectory(
                    String((root + path)[..<((root + path).lastIndex(of: "/") ?? path.endIndex)]))
                try SmallFile.replace(root + path, with: Array(text.utf8))
            }
        }
        try SmallFile.replace(old.path + "/etc/gone", with: [])
        let difference = try TreeDifference.between(old.path, new.path)
        let plan = UpdatePlan(
            difference, own: ["/etc/hosts"], boot: [], excluded: ["/etc/x"], bytes: 12_345_678,
            inUse: ["/usr/bin/daemon"])
        #expect(
            plan.summary() == """
                4 changed (/etc/motd, /etc/shadow, /usr/bin/daemon, …), 1 removed (/etc/gone), 12.3 MB; \
                1 of the node's own files (/etc/hosts); 1 left out by excludes (/etc/x); \
                a reboot is due for in use (/usr/bin/daemon), init (/usr/lib/systemd/systemd)
                """)
        #expect(
            plan.lines == [
                "~ /etc/motd", "~ /etc/shadow", "~ /usr/bin/daemon", "~ /usr/lib/systemd/systemd", "- /etc/gone",
                "o /etc/hosts", "x /etc/x", "reboot: in use (/usr/bin/daemon)",
                "reboot: init (/usr/lib/systemd/systemd)",
            ])
        let nothing = UpdatePlan(
            try TreeDifference.between(new.path, new.path), own: [], boot: [], excluded: [], bytes: 0, inUse: [])
        #expect(nothing.isEmpty && nothing.summary() == "no file of the image differs; no reboot is due")
    }

    // MARK: - Orders

    private static let work = AgentWork(id: 5, kind: .update, capsule: "small@2")
    private static let recipient = SealedLayer.Recipient(attempt: 9, mac: "52:54:00:12:34:56")

    private func reply(_ order: UpdateOrder, _ signer: SigningKey, for recipient: SealedLayer.Recipient = recipient)
        throws -> UpdateReply
    {
        let signed = try SignedOrder(Array(try JSONEncoder().encode(order)), for: recipient, signedWith: signer)
        return UpdateReply(order: String(decoding: try JSONEncoder().encode(signed), as: UTF8.self), layer: nil)
    }

    private func open(_ reply: UpdateReply, _ keys: TrustedKeys) throws -> UpdateJob {
        try UpdateJob(reply, for: Self.work, recipient: Self.recipient, key: LayerKey(), trusting: keys)
    }

    @Test func takesTheOrderThatItWasToldOfAlone() throws {
        let signer = SigningKey()
        var keys = TrustedKeys()
        try keys.add(publicKeyFile: signer.publicKeyFile)
        let order = UpdateOrder(update: 5, capsule: "small@2", isDryRun: false, excludes: ["/opt/", "+ /x"])
        #expect(try open(reply(order, signer), keys).excludes.count == 2)
        var others: [UpdateOrder] = []
        for change: (inout UpdateOrder) -> Void in [
            { $0.update = 6 }, { $0.capsule = "small@1" }, { $0.isDryRun = true }, { $0.excludes = ["a***"] },
        ] {
            var other = order
            change(&other)
            others.append(other)
        }
        for other in others { #expect(throws: UpdateProblem.self) { try open(reply(other, signer), keys) } }
        // Another node's, another start's, another server's.
        for recipient in [
            SealedLayer.Recipient(attempt: 9, mac: "52:54:00:12:34:57"), .init(attempt: 8, mac: Self.recipient.mac),
        ] {
            #expect(throws: UpdateProblem.self) { try open(reply(order, signer, for: recipient), keys) }
        }
        #expect(throws: UpdateProblem.self) { try open(reply(order, SigningKey()), keys) }
    }
}
