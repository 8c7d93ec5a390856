import CapsuleFormat
import Foundation
import Synchronization
import Testing

@testable import CapsuleStore

/// sshd and rsync, which the tests need and nothing else does.
private let sshTools =
    geteuid() == 0
    && ["/usr/sbin/sshd", "/usr/bin/rsync", "/usr/bin/ssh"].allSatisfy { FileManager.default.fileExists(atPath: $0) }

@Suite struct GoldenClientTests {
    @Test(arguments: [
        ("ssh://host", "host", "host:/"), ("ssh://me@host:2222/srv/root", "me@host", "me@host:/srv/root/"),
        ("ssh://root@[fe80::1]:22/", "root@fe80::1", "root@[fe80::1]:/"),
    ])
    func addressesAreRead(text: String, destination: String, source: String) throws {
        let client = try #require(GoldenClient(text))
        #expect(client.destination == destination && client.source == source)
    }

    @Test(arguments: [
        "ssh://", "ssh:///x", "ssh://-oProxyCommand=x/", "ssh://a b/", "ssh://h:0/", "ssh://h:99999/", "ssh://h/../x",
        "ssh://-x@h/", "ssh://h;id/", "http://h/", "ssh://[::1/",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(GoldenClient(text) == nil)
    }

    @Test func foreignMountsAreLeftOut() {
        let mounts = "/ ext4\n/home nfs4\n/boot ext4\n/run tmpfs\n/odd\\x20name[1] cifs\n"
        #expect(GoldenClientRoot.foreign(mounts, below: "/") == ["/home/*", "/run/*", "/odd name\\[1\\]/*"])
        #expect(GoldenClientRoot.foreign("/srv/root/data nfs\n/home nfs\n", below: "/srv/root/") == ["/data/*"])
    }
}

/// A real server on the loopback, with keys of its own, on a port that is free.
@Suite(.enabled(if: sshTools), .serialized) struct GoldenClientCopyTests {
    private let directory: TemporaryDirectory
    private let store: CapsuleStore
    private let name: CapsuleName
    private let port: UInt16

    init() throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: directory.path + "/state")
        name = try #require(CapsuleName("golden"))
        port = try Self.freePort()
        try directory.run(
            """
            mkdir -p ssh /run/sshd; chmod 700 ssh; ssh-keygen -q -t ed25519 -N '' -f ssh/host; ssh-keygen -q -t ed25519 -N '' -f ssh/me
            cp ssh/me.pub ssh/authorized; chmod 600 ssh/authorized
            echo "[127.0.0.1]:\(port) $(cut -d' ' -f1,2 ssh/host.pub)" > ssh/known
            printf '%s\\n' 'Host *' "  UserKnownHostsFile $PWD/ssh/known" "  IdentityFile $PWD/ssh/me" '  IdentitiesOnly yes' > ssh/config
            """)
        // It goes to the background by itself, and writes its number once it listens.
        try directory.run(
            """
            chmod 755 .; /usr/sbin/sshd -f /dev/null -p \(port) -h "$PWD/ssh/host" -o ListenAddress=127.0.0.1 \
              -o AuthorizedKeysFile="$PWD/ssh/authorized" -o StrictModes=no -o UsePAM=no -o PidFile="$PWD/ssh/pid" \
              -o PermitRootLogin=prohibit-password
            for i in $(seq 200); do [ -s ssh/pid ] && exit 0; sleep 0.05; done; exit 1
            """)
        _ = try KernelFixture.write(in: directory, below: "golden")
        try directory.write("golden/usr/bin/tool", deterministicBytes(200_000, seed: 5))
        for path in [
            "proc/1/stat", "sys/x", "dev/x", "run/x", "tmp/x", "etc/ssh/ssh_host_rsa_key", "etc/fstab",
            "etc/machine-id",
            "root/.ssh/id_rsa", "root/.ssh/authorized_keys", "var/log/app/log", "var/log/syslog",
        ] {
            try directory.write("golden/\(path)", "of this machine")
        }
        try directory.run(
            "cd golden; ln usr/bin/tool usr/bin/same; ln -s tool usr/bin/link; chown 1234:99 usr/bin/tool; ln -s /nowhere/else etc/mtab"
        )
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard result == 0 else { throw ScriptFailed(output: "no port") }
        return UInt16(bigEndian: address.sin_port)
    }

    private func stop() throws { try directory.run("kill $(cat ssh/pid); rm -f ssh/pid") }

    private func build(
        _ path: String, excluding: [String] = [],
        report: @escaping @Sendable (CapsuleBuildProgress) -> Void = { _ in }
    ) async throws -> BuiltCapsule {
        var options = CapsuleBuildOptions()
        options.excluded = excluding
        options.sshConfiguration = directory.path + "/ssh/config"
        let source = try CapsuleSource(argument: "ssh://root@127.0.0.1:\(port)\(path)")
        return try await CapsuleBuilder(store: store, progress: report).build(name, from: source, options: options)
    }

    @Test func machineIsCopiedWithoutWhatIsItsOwn() async throws {
        defer { try? stop() }
        let seen = Mutex<CapsuleBuildProgress?>(nil)
        let built = try await build(directory.path + "/golden") { progress in
            if progress.phase == .root { seen.withLock { $0 = progress } }
        }
        let last = try #require(seen.withLock { $0 })
        #expect(last.done >= 200_000 && (last.total ?? 0) >= last.done)
        _ = try store.extract(.root, of: try store.index(of: built.generation), to: directory.path + "/image")
        try directory.run("unsquashfs -q -n -d root image")
        let tree = try DurableFiles.walk(directory.path + "/root")
        for path in [
            "usr/bin/tool", "usr/bin/link", "root/.ssh/authorized_keys", "var/log/app", "etc/fstab", "proc", "dev",
        ] {
            #expect(tree.contains(path), "\(path)")
        }
        for path in [
            "proc/1", "root/.ssh/id_rsa", "etc/ssh/ssh_host_rsa_key", "var/log/syslog", "var/log/app/log", "etc/mtab",
        ] {
            #expect(!tree.contains(path), "\(path)")
        }
        #expect(try directory.read("root/etc/fstab").isEmpty && directory.read("root/etc/machine-id").isEmpty)
        var status = stat()
        #expect(stat(directory.path + "/root/usr/bin/tool", &status) == 0)
        #expect(status.st_uid == 1234 && status.st_gid == 99 && status.st_nlink == 2)
        let again = try await build(directory.path + "/golden")
        #expect(again.manifest.streams == built.manifest.streams)
    }

    @Test func moreMayBeLeftOutAndCommandsMayBeRun() async throws {
        defer { try? stop() }
        let built = try await build(directory.path + "/golden", excluding: ["/usr/bin/s*", "/root/"])
        _ = try store.extract(.root, of: try store.index(of: built.generation), to: directory.path + "/image")
        try directory.run("unsquashfs -q -n -d root image")
        let tree = try DurableFiles.walk(directory.path + "/root")
        #expect(tree.contains("usr/bin/tool") && !tree.contains("usr/bin/same") && !tree.contains("root"))
        let client = try #require(GoldenClient("ssh://root@127.0.0.1:\(port)/"))
        let configuration = directory.path + "/ssh/config"
        #expect(try await client.output(of: "echo one; echo two", configuration: configuration) == "one\ntwo\n")
        await #expect(throws: CapsuleBuildError.self) {
            try await client.output(of: "exit 3", configuration: configuration)
        }
    }

    @Test func whatFailsIsSaid() async throws {
        let missing = await #expect(throws: CapsuleBuildError.self) { try await build("/no/such/directory") }
        #expect(missing?.description.contains("rsync") == true)
        try stop()
        let down = await #expect(throws: CapsuleBuildError.self) { try await build(directory.path + "/golden") }
        #expect(down?.description.contains("ssh failed") == true)
        #expect(try store.list().isEmpty)
    }
}
