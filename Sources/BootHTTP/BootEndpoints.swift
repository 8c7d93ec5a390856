import BootMachine
public import BootPolicy
import BootProtocols
public import CapsuleStore
import PacketIO
public import Registry

/// What the boot plane answers over HTTP: loaders, scripts, check-ins, reports, capsules.
///
/// Calls may wait for the disk, so they run on threads, never on an event loop.
public struct BootEndpoints: Sendable {
    /// What the endpoints need to know of the server's set-up.
    public struct Settings: Sendable {
        /// `http://10.0.0.1:8987`, as nodes reach this server.
        public var baseURL: String
        /// For the kernel of stage 1, beside what the agent needs.
        public var kernelArguments: String
        /// SHA-256 of stage 1's kernel in hex.
        public var stage1KernelDigest: String
        public var planMaker: PlanMaker

        public init(baseURL: String, kernelArguments: String, stage1KernelDigest: String, planMaker: PlanMaker) {
            self.baseURL = baseURL
            self.kernelArguments = kernelArguments
            self.stage1KernelDigest = stage1KernelDigest
            self.planMaker = planMaker
        }
    }

    let settings: Settings
    let ledger: BootLedger
    let files: BootFiles
    let script: BootScript
    let capsules: CapsuleStore
    let traffic = BundleTraffic()

    public init(
        settings: Settings, ledger: BootLedger, files: BootFiles, script: BootScript, capsules: CapsuleStore
    ) {
        self.settings = settings
        self.ledger = ledger
        self.files = files
        self.script = script
        self.capsules = capsules
    }

    /// The answer to any request; errors become answers that say what happened.
    public func answer(_ request: BootRequest) -> BootAnswer {
        guard let route = BootRoute(target: request.target) else {
            return .text(404, "there is nothing at \(request.target.prefix(200))")
        }
        let isPost = route == .checkIn || route == .report
        guard isPost == (request.method == .post) else {
            return .text(405, isPost ? "this is for POST" : "this is for GET and HEAD")
        }
        switch route {
        case .bootFile(let name): return bootFile(name, request)
        case .script(let mac): return script(for: mac, request)
        case .checkIn: return checkIn(request)
        case .report: return report(request)
        case .manifest(let capsule): return capsulePart(request) { try capsules.openManifest(of: capsule) }
        case .index(let capsule): return capsulePart(request) { try capsules.openIndex(of: capsule) }
        case .bundle(let id): return bundle(id, request)
        }
    }

    /// Records what was sent, once it was.
    func sent(_ event: BootEvent?, bytes: Int, milliseconds: Int64) {
        guard var event else { return }
        event.bytes = Int64(bytes)
        event.milliseconds = milliseconds
        event.at = wallMilliseconds()
        ledger.record(event)
    }

    // MARK: - Boot programs

    private func bootFile(_ name: String, _ request: BootRequest) -> BootAnswer {
        let machine = request.client.flatMap { ledger.machine(at: $0) }
        do {
            let file = try files.open(name)
            let event = machine.map {
                BootEvent(node: $0, kind: .fileSent, at: 0, transport: .http, detail: name)
            }
            return send(file, request, type: Self.contentType(of: name), event: event)
        } catch {
            if let machine { refuse(machine, "\(name): \(error)") }
            return .text(404, "\(error)")
        }
    }

    /// The script goes to the machine that it is for: the holder of the lease on the client's address.
    private func script(for mac: MACAddress, _ request: BootRequest) -> BootAnswer {
        guard request.client.flatMap({ ledger.machine(at: $0) }) == mac else {
            let asker = request.client?.description ?? "an unknown address"
            refuse(mac, "its boot script was asked for by \(asker), which holds no lease of this machine")
            return .text(403, "this script is for \(mac); its lease is on another address")
        }
        guard ledger.isServed(mac), let node = ledger.record(of: mac)?.node else {
            refuse(mac, "boot script: the node is disabled or not known")
            return .text(403, "\(mac) is not to boot from this server")
        }
        guard request.method == .get else { return .text(200, "") }
        let now = wallMilliseconds()
        guard let token = ledger.issueBootToken(for: mac, at: now) else {
            return .text(403, "\(mac) is not to boot from this server")
        }
        do {
            let text = try script.render(
                BootScript.Values(
                    name: node.name, mac: mac, token: token, server: settings.baseURL,
                    kernelDigest: settings.stage1KernelDigest, kernelArguments: settings.kernelArguments))
            try ledger.flush()
            return BootAnswer(
                status: 200, contentType: "text/plain; charset=utf-8", headers: [("Cache-Control", "no-store")],
                body: .bytes(Array(text.utf8)),
                whenSent: BootEvent(
                    node: mac, kind: .scriptSent, at: 0, transport: .http, detail: "boot script for stage 1"))
        } catch {
            refuse(mac, "boot script: \(error)")
            return .text(500, "\(error)")
        }
    }

    // MARK: - Capsules

    private func capsulePart(_ request: BootRequest, _ open: () throws -> FileDescriptor) -> BootAnswer {
        authorized(request) { _ throws in
            send(try open(), request, type: "application/octet-stream", event: nil)
        }
    }

    private func bundle(_ id: String, _ request: BootRequest) -> BootAnswer {
        authorized(request) { attempt throws in
            let answer = send(try capsules.openBundle(id), request, type: "application/octet-stream", event: nil)
            if case .file(_, _, let count) = answer.body, request.method == .get {
                traffic.add(count, of: attempt.id)
            }
            return answer
        }
    }

    /// Gives the agent of an attempt what it may have.
    private func authorized(_ request: BootRequest, _ give: (Attempt) throws -> BootAnswer) -> BootAnswer {
        guard let attempt = token(of: request).flatMap({ ledger.attempt(with: $0) }) else { return .unauthorized }
        do {
            return try give(attempt)
        } catch {
            refuse(attempt.node, "\(request.target.prefix(200)): \(error)")
            return .text(404, "\(error)")
        }
    }

    // MARK: - Files

    private func send(
        _ file: consuming FileDescriptor, _ request: BootRequest, type: String, event: BootEvent?
    ) -> BootAnswer {
        let open: ReadOnlyFile
        do {
            open = try ReadOnlyFile(file)
        } catch {
            return .text(500, "\(error)")
        }
        let size = open.size
        let whole: Range<Int>
        var status = 200
        var headers = [("Accept-Ranges", "bytes")]
        switch ByteRange.parse(request.range, size: size) {
        case .whole:
            whole = 0..<size
        case .part(let part):
            status = 206
            headers.append(("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)"))
            whole = part
        case .unsatisfiable:
            var answer = BootAnswer.text(416, "the file has \(size) bytes")
            answer.headers = [("Content-Range", "bytes */\(size)")]
            return answer
        }
        return BootAnswer(
            status: status, contentType: type, headers: headers,
            body: .file(OpenFile(open), offset: whole.lowerBound, count: whole.count),
            whenSent: request.method == .get && whole.upperBound == size ? event : nil)
    }

    private static func contentType(of name: String) -> String {
        name.hasSuffix(".efi") ? "application/efi" : "application/octet-stream"
    }

    // MARK: - Who asks

    func token(of request: BootRequest) -> AttemptToken? {
        guard let header = request.authorization, header.hasPrefix("Bearer ") else { return nil }
        return AttemptToken(header.dropFirst("Bearer ".count))
    }

    func refuse(_ mac: MACAddress, _ reason: String) {
        ledger.record(
            BootEvent(node: mac, kind: .refused, at: wallMilliseconds(), transport: .http, detail: reason))
    }
}

extension BootAnswer {
    /// One answer for a token that is missing, malformed, unknown or spent: nothing to learn from it.
    static var unauthorized: BootAnswer {
        .text(401, "the token of this boot attempt is missing or no longer good; boot again for a new one")
    }
}
