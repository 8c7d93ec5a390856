import BootMachine
import CapsuleFormat
import Foundation
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
        let answer = try fixture.checkIn(fixture.bootToken())
        let token = try JSONDecoder().decode(CheckInReply.self, from: Data(answer.bytes)).token
        let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let id = ContentDigest(hashing: Array(bytes)).hex
        try FileManager.default.createDirectory(
            atPath: fixture.path + "/bundles", withIntermediateDirectories: true)
        try bytes.write(to: URL(fileURLWithPath: fixture.path + "/bundles/" + id))
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
}
