import Administration
import BootMachine
import Foundation
import Testing

@testable import perseid

@Suite struct DiscoveryBoardTests {
    private func machine(_ mac: String, inventory: Bool = true) throws -> DiscoveryResource {
        var fields: [String: Any] = ["name": "unknown-\(mac)", "mac": mac, "state": "new", "arrived": 1000]
        if inventory {
            fields["inventory"] = ["cpus": 2, "memoryBytes": 1 << 30, "firmware": "bios", "uptimeMilliseconds": 1]
        }
        return try JSONDecoder().decode(DiscoveryResource.self, from: JSONSerialization.data(withJSONObject: fields))
    }

    @Test func namesGoOutInOrderAndOnce() throws {
        var board = DiscoveryBoard(names: ["n1", "n2", "n3"])
        #expect(board.update([try machine("a")], at: 3000).first?.contains("a  -  new  2 CPUs") == true)
        #expect(board.takeNames().map(\.1) == ["n1"])
        // Still there on the next look, since the server has not heard yet: it gets no second name.
        #expect(board.update([try machine("a"), try machine("b")], at: 4000).count == 1)
        let pairs = board.takeNames()
        #expect(pairs.map(\.0.mac) == ["b"] && pairs.map(\.1) == ["n2"] && board.names == ["n3"])
        #expect(board.update([], at: 5000).isEmpty)
    }

    @Test func aMachineThatGoesIsSaidToGo() throws {
        var board = DiscoveryBoard(names: [])
        _ = board.update([try machine("a", inventory: false)], at: 1)
        #expect(board.nextToAsk() == nil)
        #expect(board.update([try machine("a")], at: 2).count == 1)
        #expect(board.update([], at: 3) == ["a  waits no more"])
    }

    @Test func eachIsAskedForOnce() throws {
        var board = DiscoveryBoard(names: ["n1"])
        _ = board.update([try machine("a")], at: 1)
        #expect(board.nextToAsk()?.mac == "a")
        #expect(board.nextToAsk() == nil)
        board.askAgain("a")
        #expect(board.nextToAsk()?.mac == "a")
    }
}
