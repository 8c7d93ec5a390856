import BootMachine
import CapsuleFormat
import Foundation
import PacketIO
import Registry
import Testing

@testable import BootHTTP

@Suite struct StreamPaceTests {
    /// Connections that always want to send, over `seconds` of a clock that is played.
    /// - Returns: the bytes of each.
    private func play(_ pace: StreamPace, wanting: [Int], seconds: Int64) -> [Int] {
        var sent = Array(repeating: 0, count: wanting.count)
        var due = wanting.map { _ in Int64(0) }
        for now in 0..<(seconds * 1000) {
            for connection in wanting.indices {
                while due[connection] <= now, sent[connection] < wanting[connection] {
                    let pause = pace.take(pace.slice, at: now)
                    sent[connection] += pace.slice
                    due[connection] = now + pause
                    if pause > 0 { break }
                }
            }
        }
        return sent
    }

    @Test(arguments: [100_000, 10_000_000, 1_000_000_000] as [Int64])
    func sumKeepsToTheRate(rate: Int64) {
        let pace = StreamPace(bytesPerSecond: rate)
        let sent = play(pace, wanting: Array(repeating: .max, count: 50), seconds: 10)
        let sum = Int64(sent.reduce(0, +))
        // Each may have one slice under way beyond its time.
        #expect(sum >= rate * 9 && sum <= rate * 10 + Int64(51 * pace.slice), "\(sum)")
    }

    @Test func sharesAreEqual() throws {
        let pace = StreamPace(bytesPerSecond: 10_000_000)
        let sent = play(pace, wanting: Array(repeating: .max, count: 20), seconds: 20)
        let (least, most) = (try #require(sent.min()), try #require(sent.max()))
        #expect(most - least <= 2 * pace.slice)
    }

    @Test func whatOneDoesNotWantGoesToTheRest() {
        let pace = StreamPace(bytesPerSecond: 10_000_000)
        let sent = play(pace, wanting: [100_000, .max, .max], seconds: 10)
        #expect(sent[0] < 200_000)
        #expect(sent[1] > 45_000_000 && sent[2] > 45_000_000)
    }

    @Test func pauseSavesNothingUp() {
        let pace = StreamPace(bytesPerSecond: 1_000_000)
        #expect(pace.take(pace.slice, at: 0) == 0)
        #expect(pace.take(pace.slice, at: 1_000_000) == 0)
        #expect(pace.take(pace.slice, at: 1_000_000) == 16)
        #expect(pace.take(.max, at: 1_000_000) == 32)
        #expect(pace.take(-1, at: 1_000_000) == 49)
    }

    @Test(arguments: [false, true])
    func bundleArrivesWholeAtAPace(isSecure: Bool) async throws {
        let fixture = try await EndpointsFixture()
        let token = try fixture.agentToken()
        let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let id = try fixture.addBundle(bytes)
        let certificate = try await TestCertificate()
        let tls = isSecure ? try BootTLS(certificate: certificate.certificate, key: certificate.key) : nil
        let pace = StreamPace(bytesPerSecond: 2_000_000)
        try await withServer(fixture, pace: pace, tls: tls) { server in
            let plane = "\(isSecure ? "https" : "http")://127.0.0.1:\(server.port)"
            let words = ["-sS", "--cacert", certificate.certificate, "-H", "Authorization: Bearer \(token)"]
            let other = try await Client.run("curl", words + ["\(plane)/boot/nothing"])
            #expect(other.status == 0, "\(other.errors)")
            #expect(pace.take(0, at: 0) == 0, "only bundles count")
            let received = try await Client.run("curl", words + ["\(plane)/node/v1/bundles/\(id)"])
            #expect(received.status == 0 && received.output == bytes, "\(received.errors)")
            #expect(pace.take(0, at: 0) > 0, "the bundle's slices were asked for")
        }
    }

    /// The rate of the node, else of its group, else of the server, as it is when a range is asked for.
    @Test func eachNodeHasAPaceOfItsOwn() async throws {
        let fixture = try await EndpointsFixture(
            node: Node(mac: EndpointsFixture.mac, name: "n001", capsule: "tiny", groups: ["slow"]))
        let token = try fixture.agentToken()
        let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let id = try fixture.addBundle(bytes)
        func set(node rate: Int64?, group groupRate: Int64?) throws {
            let before = try #require(fixture.ledger.record(of: EndpointsFixture.mac)).node
            var node = before
            node.settings.nodeRate = rate
            let group = fixture.ledger.groups["slow"]
            var changed = group ?? NodeGroup(name: "slow")
            changed.settings.nodeRate = groupRate
            let edits: [RegistryEdit] = [.node(from: before, to: node), .group(from: group, to: changed)]
            try fixture.edit(edits)
        }
        func pace() -> StreamPace? { fixture.get("/node/v1/bundles/\(id)", token: token).pace }
        #expect(pace() == nil)
        try set(node: nil, group: 3_000_000)
        #expect(pace()?.bytesPerSecond == 3_000_000)
        try set(node: 2_000_000, group: 3_000_000)
        let own = try #require(pace())
        #expect(own.bytesPerSecond == 2_000_000)
        #expect(pace() === own, "all connections of the node share it")
        try await withServer(fixture) { server in
            let words = ["-sS", "-H", "Authorization: Bearer \(token)"]
            #expect(own.take(0, at: 0) == 0)
            let received = try await Client.run(
                "curl", words + ["http://127.0.0.1:\(server.port)/node/v1/bundles/\(id)"])
            #expect(received.status == 0 && received.output == bytes, "\(received.errors)")
            // 300 kB at 2 MB/s, begun after the start of the clock.
            #expect(own.take(0, at: 0) >= 100, "its slices were asked for")
        }
        try set(node: nil, group: nil)
        #expect(pace() == nil)
    }

    @Test func aTransferKeepsToTheSlowerPace() throws {
        let (server, node) = (StreamPace(bytesPerSecond: 100_000_000), StreamPace(bytesPerSecond: 1_000_000))
        let path = FileManager.default.temporaryDirectory.appending(path: "pace-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(count: 1_000_000).write(to: URL(fileURLWithPath: path))
        let file = try ReadOnlyFile(FileDescriptor.open(path, O_RDONLY))
        var answer = BootAnswer(
            status: 200, contentType: "", body: .file(file, 0..<1_000_000), account: .bundle("b", attempt: 1))
        answer.pace = node
        let transfer = AnswerTransfer(
            answer, AnswerTransfer.Form(isHead: false, keepsAlive: true, began: 0),
            head: AnswerHead(answer, keepsAlive: true, date: "").bytes, hasPlace: false, under: server)
        #expect(transfer.next(1 << 20)?.count == 0, "nothing before a pace was asked")
        var now: Int64 = 0
        while let part = transfer.part, !part.isEmpty {
            now += transfer.admit(at: now) ?? 0
            let piece = try #require(transfer.next(1 << 20))
            #expect(!piece.isEmpty && piece.count <= node.slice)
            transfer.part = piece.upperBound..<part.upperBound
            transfer.granted -= piece.count
        }
        // A second for a megabyte, the last slice not waited for.
        #expect((950...1000).contains(now), "\(now)")
    }
}
