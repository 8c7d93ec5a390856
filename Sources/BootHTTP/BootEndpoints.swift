public import BootMachine
public import BootPolicy
public import BootProtocols
public import CapsuleStore
public import DiskLayout
public import PacketIO
public import Registry

/// What the boot plane answers over HTTP: loaders, scripts, check-ins, reports, capsules.
///
/// Calls may wait for the disk, so they run on threads, never on an event loop.
public final class BootEndpoints: Sendable {
    let planMaker: PlanMaker
    let ledger: BootLedger
    let tree: BootTree
    let capsules: CapsuleStore
    let nodeFiles: NodeFiles?
    let layouts: @Sendable (Node, String) throws -> DiskLayout
    let work: @Sendable (MACAddress) -> AgentWork?
    let clock: @Sendable () -> Int64
    let updates: Updates
    let traffic = BundleTraffic()
    let layerKeys = LayerKeys()
    let updateKeys = LayerKeys()
    let bundles = OpenBundles()
    let paces = NodePaces()

    /// - Parameters:
    ///   - nodeFiles: what nodes have of their own; nil: nothing.
    ///   - layouts: what a node's disks are to look like with a capsule; throws the reason why that is not known.
    ///   - work: what a running node is to do; asked with each heartbeat.
    ///   - updates: what updates of installed nodes leave out, and where they tell of their changes.
    ///   - clock: what events are dated by, in milliseconds since 1970.
    public init(
        planMaker: PlanMaker, ledger: BootLedger, tree: BootTree, capsules: CapsuleStore, nodeFiles: NodeFiles? = nil,
        layouts: @escaping @Sendable (Node, String) throws -> DiskLayout = { _, _ in throw NoLayouts() },
        work: @escaping @Sendable (MACAddress) -> AgentWork? = { _ in nil }, updates: Updates = Updates(),
        clock: @escaping @Sendable () -> Int64 = wallMilliseconds
    ) {
        self.planMaker = planMaker
        self.ledger = ledger
        self.tree = tree
        self.capsules = capsules
        self.nodeFiles = nodeFiles
        self.layouts = layouts
        self.work = work
        self.clock = clock
        self.updates = updates
    }

    /// The answer to any request; errors become answers that say what happened.
    public func answer(_ request: BootRequest) -> BootAnswer {
        guard let route = BootRoute(target: request.target) else {
            noteOddName(request)
            return .text(404, "there is nothing at \(request.target.prefix(200))")
        }
        guard route.isForPost == (request.method == .post) else {
            return .text(405, route.isForPost ? "this is for POST" : "this is for GET and HEAD")
        }
        switch route {
        case .boot(let name, let path): return boot(name, path, request)
        case .checkIn: return checkIn(request)
        case .report: return report(request)
        case .health: return .text(200, "ok")
        case .manifest(let capsule): return capsulePart(request) { try capsules.openManifest(of: capsule) }
        case .index(let capsule): return capsulePart(request) { try capsules.openIndex(of: capsule) }
        case .trace(let capsule): return trace(of: capsule, request)
        case .keepTrace: return keepTrace(request)
        case .bundle(let id): return bundle(id, request)
        case .layer(let machine): return layer(of: machine, request)
        case .update: return update(request)
        case .updateChanges: return takeChanges(request)
        }
    }

    /// The answer to what agents ask for again and again, if it can be given without waiting for the disk: a range of a
    /// bundle that is open. Called on event loops.
    func answerAtOnce(_ request: BootRequest) -> BootAnswer? {
        guard request.method == .get, let id = BootRoute.bundle(in: request.target),
            let file = bundles.file(id, at: monotonicMilliseconds()),
            let attempt = token(of: request).flatMap({ ledger.attempt(with: $0) })
        else { return nil }
        return answer(withBundle: file, id, of: attempt, request)
    }

    // MARK: - Accounts

    /// Writes on a timeline what became of an answer: how many bytes the kernel took of it, and in what time.
    /// - Parameter broken: why it ended before its end, if it did.
    func settle(_ answer: BootAnswer, bytes: Int, milliseconds: Int64, broken: String?) {
        guard case .timeline(var event) = answer.account else { return }
        event.bytes = Int64(bytes)
        event.milliseconds = milliseconds
        event.at = clock()
        if let broken {
            event.kind = .refused
            event.detail += ": \(broken) after \(bytes) of \(answer.length) bytes"
        }
        ledger.record(event)
    }

    /// A file turned out to be shorter than it was.
    func forget(_ answer: BootAnswer) {
        if case .bundle(let id, _) = answer.account { bundles.drop(id) }
    }

    // MARK: - Boot programs

    private func boot(_ name: BootName, _ path: String, _ request: BootRequest) -> BootAnswer {
        do throws(BootTree.Refusal) {
            // HEAD asks whether there is a script; a new token would end the one that a loader holds.
            if case .script(_, let mac) = name, request.method == .head {
                _ = try tree.owner(of: mac, at: request.client)
                return .text(200, "")
            }
            switch try tree.open(name, for: request.client) {
            case .file(let file):
                let event = request.client.flatMap { ledger.machine(at: $0) }.map {
                    BootEvent(node: $0, kind: .fileSent, at: 0, transport: request.transport, detail: path)
                }
                return send(
                    file, EntityTag(of: file), request, type: BootFileType.of(path),
                    account: event.map { .timeline($0) } ?? .none)
            case .script(let text, let machine, let boots):
                return script(text, path, for: machine, boots, by: request.transport)
            }
        } catch {
            return refusal(error, name, path, request)
        }
    }

    private func script(
        _ text: String, _ path: String, for machine: MACAddress, _ boots: BootTree.Target,
        by transport: BootEvent.Transport
    ) -> BootAnswer {
        do {
            try ledger.flush()
        } catch {
            refuse(machine, "boot script: \(error)")
            return .text(503, "\(error)")
        }
        return BootAnswer(
            status: 200, contentType: "text/plain; charset=utf-8", headers: [("Cache-Control", "no-store")],
            body: .bytes(Array(text.utf8)),
            account: .timeline(
                BootEvent(
                    node: machine, kind: boots.event, at: 0, transport: transport,
                    detail: "boot script for \(boots.rawValue), \(path)")))
    }

    private func refusal(
        _ refusal: BootTree.Refusal, _ name: BootName, _ path: String, _ request: BootRequest
    ) -> BootAnswer {
        switch refusal {
        case .file(let error):
            let machine = request.client.flatMap { ledger.machine(at: $0) }
            if let machine, !(name.isProbe && error == .notFound) {
                refuse(machine, "\(path): \(error)", by: request.transport)
            }
            return .text(404, "\(error)")
        case .forbidden(let machine, let reason):
            if let machine { refuse(machine, reason, by: request.transport) }
            return .text(403, "this script is for another machine, or for one that is not to boot from this server")
        case .failed(let machine, let reason):
            if let machine { refuse(machine, reason, by: request.transport) }
            return .text(500, reason)
        }
    }

    // MARK: - Capsules

    private func capsulePart(_ request: BootRequest, _ open: () throws -> FileDescriptor) -> BootAnswer {
        authorized(request) { _ throws in
            let file = try ReadOnlyFile(open())
            var answer = send(file, EntityTag(of: file), request, type: BootFileType.bytes)
            answer.needsPlace = answer.status < 300
            return answer
        }
    }

    private func bundle(_ id: String, _ request: BootRequest) -> BootAnswer {
        authorized(request) { attempt throws in
            let now = monotonicMilliseconds()
            if let file = bundles.file(id, at: now) { return answer(withBundle: file, id, of: attempt, request) }
            let file = try ReadOnlyFile(capsules.openBundle(id), inStretches: true)
            return answer(withBundle: bundles.keep(file, as: id, at: now), id, of: attempt, request)
        }
    }

    private func answer(
        withBundle file: ReadOnlyFile, _ id: String, of attempt: Attempt, _ request: BootRequest
    ) -> BootAnswer {
        // What a name stands for never changes.
        var answer = send(
            file, EntityTag(digest: id), request, type: BootFileType.bytes, account: .bundle(id, attempt: attempt.id))
        answer.needsPlace = answer.status < 300
        let rate = ledger.nodeRate(of: attempt.node) ?? planMaker.bytesPerSecond
        answer.pace = rate.map { paces.pace(of: attempt.node, bytesPerSecond: $0) }
        return answer
    }

    /// Gives the agent of an attempt what it may have.
    func authorized(_ request: BootRequest, _ give: (Attempt) throws -> BootAnswer) -> BootAnswer {
        guard let attempt = token(of: request).flatMap({ ledger.attempt(with: $0) }) else { return .unauthorized }
        do {
            return try give(attempt)
        } catch {
            // The reason has paths of the server, which are for its admins.
            refuse(attempt.node, "\(request.target.prefix(200)): \(error)")
            return .text(404, "the server does not have it, or cannot read it; its events say why")
        }
    }

    // MARK: - Files

    /// The whole, the range that is asked for, or that the client has it already (RFC 9110, 13.2.2).
    private func send(
        _ file: ReadOnlyFile, _ tag: EntityTag, _ request: BootRequest, type: String,
        account: BootAnswer.Account = .none
    ) -> BootAnswer {
        let size = file.size
        let headers = [("Accept-Ranges", "bytes"), ("ETag", tag.text)]
        if tag.isListed(in: request.ifNoneMatch) {
            return BootAnswer(status: 304, contentType: type, headers: headers, body: .bytes([]))
        }
        // A range is defined for GET alone (RFC 9110, 14.2).
        let asked = request.method == .get && tag.allowsRange(if: request.ifRange) ? request.range : nil
        var part = 0..<size
        var status = 200
        switch ByteRange.parse(asked, size: size) {
        case .whole: break
        case .part(let range):
            status = 206
            part = range
        case .unsatisfiable:
            var answer = BootAnswer.text(416, "the file has \(size) bytes")
            answer.headers = [("Content-Range", "bytes */\(size)")]
            return answer
        }
        var answer = BootAnswer(status: status, contentType: type, headers: headers, body: .file(file, part))
        if request.method == .get { answer.account = account }
        // A file that comes in pieces is news once, with its last one.
        if case .timeline = account, part.upperBound != size { answer.account = .none }
        return answer
    }

    // MARK: - Who asks

    /// A boot program that asks for what no name here may be, `..` or a broken escape, is told of on its timeline.
    private func noteOddName(_ request: BootRequest) {
        guard request.target.hasPrefix("/boot/"), let machine = request.client.flatMap({ ledger.machine(at: $0) })
        else { return }
        refuse(machine, "\(request.target.prefix(200)): no name that may be asked for", by: request.transport)
    }

    func token(of request: BootRequest) -> AttemptToken? {
        guard let header = request.authorization, header.hasPrefix("Bearer ") else { return nil }
        return AttemptToken(Substring(header.utf8.dropFirst("Bearer ".utf8.count)))
    }

    func refuse(_ mac: MACAddress, _ reason: String, by transport: BootEvent.Transport = .http) {
        ledger.record(
            BootEvent(node: mac, kind: .refused, at: clock(), transport: transport, detail: reason))
    }
}

extension BootRequest {
    /// As the timeline names it.
    var transport: BootEvent.Transport { isSecure ? .https : .http }
}

extension BootAnswer {
    /// One answer for a token that is missing, malformed, unknown or spent: nothing to learn from it.
    static var unauthorized: BootAnswer {
        .text(401, "the token of this boot attempt is missing or no longer good; boot again for a new one")
    }
}
