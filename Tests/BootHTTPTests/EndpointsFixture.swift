import BootMachine
import BootPolicy
import BootProtocols
import CapsuleFormat
import CapsuleStore
import DiskLayout
import Foundation
import PacketIO
import Registry
import RegistrySQLite

@testable import BootHTTP

/// Endpoints over a real registry and a real capsule store in a temporary directory, with one node that has a lease.
final class EndpointsFixture: Sendable {
    static let mac = MACAddress(value: 0x5254_0012_3456)
    static let address = IPv4Address(value: 0x0a00_0005)
    static let stranger = IPv4Address(value: 0x0a00_0006)
    static let loader: [UInt8] = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    let path: String
    let store: SQLiteStore
    let ledger: BootLedger
    let capsules: CapsuleStore
    let endpoints: BootEndpoints

    init(
        node: Node = Node(mac: mac, name: "n001", capsule: "tiny"), building: Bool = false,
        layouts: @escaping @Sendable (Node, String) throws -> DiskLayout = { _, _ in throw NoLayouts() },
        work: @escaping @Sendable (MACAddress) -> AgentWork? = { _ in nil }, updates: Updates = Updates()
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)").path
        self.path = path
        for directory in ["loaders", "stage1"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(directory)", withIntermediateDirectories: true)
        }
        try Data(Self.loader).write(to: URL(fileURLWithPath: path + "/loaders/snponly.efi"))
        try Data("kernel".utf8).write(to: URL(fileURLWithPath: path + "/stage1/vmlinuz"))
        store = try SQLiteStore(path: path + "/registry.sqlite")
        try store.write([.node(node)])
        ledger = BootLedger(store: store, snapshot: try store.load(), unknown: .quarantine)
        try ledger.commit([Lease(mac: Self.mac, address: Self.address, expires: .max)])
        capsules = try CapsuleStore(at: path)
        if building { try await Self.build(capsules, in: path) }
        let tftpboot = URL(fileURLWithPath: #filePath).appending(path: "../../../tftpboot").standardizedFileURL.path
        let baseURL = "http://10.0.0.1:8987"
        let tree = BootTree(
            settings: BootTree.Settings(
                address: IPv4Address(value: 0x0a00_0001), baseURL: baseURL, kernelArguments: "console=ttyS0",
                stage1KernelDigest: "aa"),
            ledger: ledger, files: try BootFiles(loaders: path + "/loaders", stage1: path + "/stage1"),
            script: try BootScript(directory: tftpboot))
        endpoints = BootEndpoints(
            planMaker: PlanMaker(defaultCapsule: nil, servers: [baseURL]), ledger: ledger, tree: tree,
            capsules: capsules, nodeFiles: NodeFiles(directory: path + "/nodefiles"), layouts: layouts, work: work,
            updates: updates)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A capsule of one file and a kernel that is none.
    private static func build(_ capsules: CapsuleStore, in path: String) async throws {
        let files = [
            "root/etc/motd": "tiny\n", "kernel/boot/vmlinuz-1.0": "a kernel",
            "kernel/lib/modules/1.0/modules.dep": "", "kernel/lib/modules/1.0/modules.order": "",
            "kernel/lib/modules/1.0/modules.builtin": "", "kernel/lib/modules/1.0/modules.builtin.modinfo": "",
        ]
        for (name, text) in files {
            let url = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        guard let name = CapsuleName("tiny") else { return }
        _ = try await CapsuleBuilder(store: capsules).build(
            name, from: .directory(path + "/root"), kernel: .directory(path + "/kernel"))
    }

    // MARK: - Requests

    func get(
        _ target: String, from client: IPv4Address = address, token: String? = nil, range: String? = nil,
        method: BootRequest.Method = .get
    ) -> BootAnswer {
        endpoints.answer(
            BootRequest(
                method: method, target: target, client: client, authorization: token.map { "Bearer \($0)" },
                range: range))
    }

    func post(_ target: String, _ message: some Encodable, token: String?) throws -> BootAnswer {
        endpoints.answer(
            BootRequest(
                method: .post, target: target, client: Self.address, authorization: token.map { "Bearer \($0)" },
                body: Array(try JSONEncoder().encode(message))))
    }

    /// The token in a freshly rendered script.
    func bootToken() throws -> String {
        let answer = get("/boot/script/52-54-00-12-34-56.ipxe")
        let text = String(decoding: answer.bytes, as: UTF8.self)
        return text.firstMatch(of: #/perseid\.token=(\S+)/#).map { String($0.1) } ?? ""
    }

    func checkIn(_ token: String, mac: MACAddress = mac, phase: CheckIn.Phase = .stage1) throws -> BootAnswer {
        let inventory = Inventory(
            cpus: 2, memoryBytes: 1 << 30, firmware: "bios", uuid: nil, serial: nil, product: "test",
            uptimeMilliseconds: 1)
        let message = CheckIn(
            phase: phase, mac: mac, address: Self.address, kernelRelease: "1.0", kernelDigest: "aa",
            inventory: inventory)
        return try post("/node/v1/check-in", message, token: token)
    }

    /// Changes the registry as an admin's command does while the server runs.
    func edit(_ edits: [RegistryEdit]) throws {
        let other = try SQLiteStore(path: path + "/registry.sqlite")
        _ = try other.edit(edits, note: ChangeNote(author: "admin", what: "test", at: 1))
        try ledger.tick(at: 0)
    }

    /// Of an agent that has checked in.
    func agentToken() throws -> String {
        try JSONDecoder().decode(CheckInReply.self, from: Data(checkIn(bootToken()).bytes)).token
    }

    /// - Returns: its id.
    func addBundle(_ bytes: Data) throws -> String {
        let id = ContentDigest(hashing: Array(bytes)).hex
        try FileManager.default.createDirectory(atPath: path + "/bundles", withIntermediateDirectories: true)
        try bytes.write(to: URL(fileURLWithPath: path + "/bundles/" + id))
        return id
    }

    func events(_ kind: BootEvent.Kind) throws -> [BootEvent] {
        try ledger.flush()
        let recorded = try store.attempts(of: Self.mac, limit: 9).flatMap { try store.timeline(of: $0.id).map(\.event) }
        return (recorded + (try store.strayEvents(of: Self.mac, since: 0))).filter { $0.kind == kind }
    }
}

extension BootAnswer {
    /// What a client would receive.
    var bytes: [UInt8] {
        switch body {
        case .bytes(let bytes): return bytes
        case .file(let file, let part):
            var bytes = [UInt8](repeating: 0, count: part.count)
            let got = bytes.withUnsafeMutableBytes { try? file.read(into: $0, at: part.lowerBound) }
            return got == part.count ? bytes : []
        }
    }
}
