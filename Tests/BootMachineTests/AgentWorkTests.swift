import Foundation
import Testing

@testable import BootMachine

/// Work of each kind as it goes over the wire, between servers and agents of different age.
@Suite struct AgentWorkTests {
    @Test(arguments: [AgentWork.Kind.livesync, .update, .updateDryRun])
    func isReadAsItWasWritten(kind: AgentWork.Kind) throws {
        let work = AgentWork(id: 7, kind: kind, capsule: "compute@8")
        #expect(try JSONDecoder().decode(AgentWork.self, from: JSONEncoder().encode(work)) == work)
    }

    @Test func aLivesyncIsWhatItAlwaysWas() throws {
        let old = Data(#"{"id":7,"livesync":"compute@8"}"#.utf8)
        #expect(try JSONDecoder().decode(AgentWork.self, from: old) == AgentWork(id: 7, livesync: "compute@8"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(AgentWork(id: 7, livesync: "compute@8")) == old)
    }

    /// An agent that knows livesync alone finds none in it.
    @Test func anUpdateIsNoLivesync() throws {
        struct OldWork: Codable {
            var id: Int64
            var livesync: String
        }
        let update = try JSONEncoder().encode(AgentWork(id: 7, kind: .update, capsule: "compute@8"))
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(OldWork.self, from: update) }
    }
}
