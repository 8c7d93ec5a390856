import Administration
import BootHTTP
import BootMachine
import BootProtocols
import CapsuleFormat
import CapsuleStore
import Foundation
import PacketIO
import Registry
import RegistrySQLite
import Synchronization
import TFTPService
import Testing

@testable import DHCPService
@testable import perseid

/// The daemon's servers around one ledger, on loopback: HTTP and TFTP on real sockets, DHCP without one, since that
/// port takes root. What `perseid explain` answers is read as the daemon answers it. Only time is the test's.
final class Clinic: Sendable {
    static let mac = MACAddress(value: 0x5254_0012_3456)
    static let interface = "lo"

    let state: StateDirectory
    let capsules: CapsuleStore
    let plane: BootPlane
    let registry: RegistryService
    let httpPort: Int
    let tftp: IPv4Endpoint
    private let store: SQLiteStore
    private let dhcp: Mutex<DHCPRole?>
    private let skew: Skew
    private let http: Task<Void, any Error>
    private let tftpServer: TFTPServer
    private let tftpThread: LoopThread

    /// How far the servers' clock is ahead, in milliseconds.
    private final class Skew: Sendable {
        let value = Atomic<Int64>(0)
        var now: Int64 { wallMilliseconds() + value.load(ordering: .relaxed) }
    }

    /// - Parameters:
    ///   - node: the machine that is looked after; nil: one that nobody knows.
    ///   - building: the capsule `tiny` is there.
    ///   - tftpPatience: milliseconds of silence after which a client of TFTP counts as gone.
    init(
        node: Node? = Node(mac: mac, name: "n001", capsule: "tiny"), building: Bool = false,
        tftpPatience: Int64 = TFTPSettings().patience,
        configured change: (inout Configuration) -> Void = { _ in }
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)").path
        state = try StateDirectory(path: path)
        try Self.writeFiles(in: state)
        capsules = try state.openCapsules()
        if building { try await Self.build(capsules, in: path) }
        store = try state.openRegistry()
        if let node { try store.write([.node(node)]) }
        let ledger = BootLedger(store: store, snapshot: try store.load(), unknown: .quarantine)
        let skew = Skew()
        let network = try BootNetwork(interface: Self.interface)
        let port = try Self.freePort(on: network)
        var configuration = Configuration(interface: Self.interface, tftpboot: Self.checkout + "/tftpboot")
        configuration.pools = [IPv4Address(value: 0x7f00_0064)...IPv4Address(value: 0x7f00_006e)]
        configuration.httpPort = port
        change(&configuration)
        plane = try BootPlane(
            configuration, address: network.address, state: state, ledger: ledger, capsules: capsules,
            kernels: BootPlane.Kernels(amd64: ContentDigest(hashing: Array("kernel".utf8)).hex), clock: { skew.now })
        dhcp = Mutex(
            try plane.dhcpRole(configuration, network, files: Loaders.present(in: state), leases: []))
        registry = RegistryService(
            store: store, ledger: ledger, server: configuration.nodeSettings, secrets: state.powerSecrets,
            capsuleProblem: CapsuleReference.problem)
        let server = try await BootHTTPServer(
            address: network.address, port: port, endpoints: plane.endpoints)
        http = Task { try await server.run() }
        httpPort = server.port
        var settings = TFTPSettings()
        settings.patience = tftpPatience
        tftpServer = try TFTPServer(
            TFTPServer.Listening(address: network.address, port: 0), settings: settings, content: plane.tftpContent,
            report: { [plane] in plane.report($0) })
        tftp = tftpServer.local
        tftpThread = try tftpServer.start { _ in }
        self.skew = skew
        _ = dhcp.withLock { $0?.start(at: skew.now) }
    }

    deinit {
        http.cancel()
        tftpThread.stop()
        try? FileManager.default.removeItem(atPath: state.path)
    }

    // MARK: - What it has

    static let checkout = URL(fileURLWithPath: #filePath).appending(path: "../../../..").standardizedFileURL.path

    private static func writeFiles(in state: StateDirectory) throws {
        try FileManager.default.createDirectory(atPath: state.stage1, withIntermediateDirectories: true)
        let files = [
            "loaders/undionly.kpxe": 70_000, "loaders/snponly.efi": 200_000, "stage1/initramfs.img": 12_000_000,
        ]
        for (name, size) in files {
            try Data(repeating: 0x5a, count: size).write(to: URL(fileURLWithPath: "\(state.path)/\(name)"))
        }
        try Data("kernel".utf8).write(to: URL(fileURLWithPath: state.stage1 + "/vmlinuz"))
    }

    /// A capsule of one file and stage 1's own kernel.
    private static func build(_ capsules: CapsuleStore, in path: String) async throws {
        // Several chunks, which no image format makes smaller.
        let source = try #require(FileHandle(forReadingAtPath: "/dev/urandom"))
        let noise = try #require(try source.read(upToCount: 8_000_000))
        let files = [
            "root/etc/motd": noise, "kernel/boot/vmlinuz-1.0": Data("kernel".utf8),
            "kernel/lib/modules/1.0/modules.dep": Data(), "kernel/lib/modules/1.0/modules.order": Data(),
            "kernel/lib/modules/1.0/modules.builtin": Data(), "kernel/lib/modules/1.0/modules.builtin.modinfo": Data(),
        ]
        for (name, bytes) in files {
            let url = URL(fileURLWithPath: "\(path)/source/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try bytes.write(to: url)
        }
        _ = try await CapsuleBuilder(store: capsules).build(
            try #require(CapsuleName("tiny")), from: .directory(path + "/source/root"),
            kernel: .directory(path + "/source/kernel"))
    }

    /// That nobody listens on just now, below those that the kernel gives out.
    private static func freePort(on network: BootNetwork) throws -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<30_000)
            if (try? network.requireFree(tcpPort: port)) != nil { return port }
        }
        throw CocoaError(.featureUnsupported)
    }

    // MARK: - Time

    var now: Int64 { skew.now }

    /// Time passes for the servers, and ends what lasted too long.
    func pass(seconds: Int64) throws {
        skew.value.add(seconds * 1000, ordering: .relaxed)
        try plane.ledger.tick(at: now)
    }

    // MARK: - DHCP

    /// What the server does with one datagram to port 67 or 4011, as the daemon's loop has it done.
    func receive(_ message: DHCPMessage, on port: DHCPPort = .server) throws -> [DHCPMessage] {
        let bytes = try message.encoded()
        let actions = dhcp.withLock { role in
            let actions =
                role?.receive(bytes, from: IPv4Endpoint(.any, port: 68), on: port, at: now, waited: 0) ?? []
            let commits = role?.commits ?? 0
            role?.committed(through: commits)
            return actions
        }
        var replies: [DHCPMessage] = []
        for action in actions {
            switch action {
            case .commit(let lease): try plane.ledger.commit([lease])
            case .record(let event): plane.ledger.record(event)
            case .observe(let address, let mac): plane.ledger.observe(address, of: mac)
            case .send(let reply): replies.append(try DHCPMessage(decoding: reply.bytes))
            case .probe: break
            }
        }
        return replies
    }

    // MARK: - What is said of it

    /// What the daemon's API answers `perseid explain`.
    func explanation(of node: String = "n001") throws -> ExplanationResource {
        let request = RegistryAPI.Request(.get, "nodes/\(node)/explanation")
        let answer = try RegistryAPI(registry).answer(request, by: "admin", at: now)
        return try JSONDecoder().decode(ExplanationResource.self, from: Data(answer.bytes))
    }

    /// Holds the likely cause against what it should be, with the whole course where it is another.
    func expect(
        _ rule: String, of node: String = "n001", _ why: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try explanation(of: node)
        let course = found.steps.map { "\($0.seconds) \($0.kind.rawValue) \($0.state.rawValue) \($0.detail)" }
        #expect(
            found.findings.first?.rule == rule,
            "\(why): \(found.findings.map(\.rule)) of \(found.state)\n\(course.joined(separator: "\n"))",
            sourceLocation: sourceLocation)
    }

    /// The rule that names the likely cause.
    func cause(of node: String = "n001") throws -> String? { try rules(of: node).first }

    func rules(of node: String = "n001") throws -> [String] {
        try explanation(of: node).findings.map(\.rule)
    }

    /// Waits for what a server's thread writes down after the client has gone: five seconds at most.
    func wait(for kind: BootEvent.Kind, times: Int = 1, of node: String = "n001") async throws {
        for _ in 0..<500 {
            if try explanation(of: node).steps.count(where: { $0.kind == kind }) >= times { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("no event \(kind.rawValue) of \(node)")
    }
}
