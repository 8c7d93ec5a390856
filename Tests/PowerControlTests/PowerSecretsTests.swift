import Foundation
import Glibc
import Testing

@testable import PowerControl

@Suite struct PowerSecretsTests {
    private func withSecrets(_ body: (PowerSecrets, String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.path + "/secrets-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(PowerSecrets(directory: directory), directory)
    }

    @Test func theFirstOwnerThatHasOneCounts() throws {
        try withSecrets { secrets, _ in
            let owners: [PowerSecrets.Owner] = [.node(mac: "52:54:00:00:00:01"), .group("gpu"), .group("all")]
            #expect(try secrets.first(of: owners) == nil)
            try secrets.keep("everybody's\n", for: .group("all"))
            #expect(try secrets.first(of: owners)?.text == "everybody's")
            try secrets.keep("own", for: .node(mac: "52:54:00:00:00:01"))
            #expect(try secrets.first(of: owners)?.text == "own")
            try secrets.keep("other", for: .node(mac: "52:54:00:00:00:01"))
            #expect(try secrets.first(of: owners)?.text == "other")
            try secrets.keep(nil, for: .node(mac: "52:54:00:00:00:01"))
            try secrets.keep(nil, for: .node(mac: "52:54:00:00:00:01"))
            #expect(try secrets.first(of: owners)?.text == "everybody's")
            for bad in ["", "a\nb", "\u{7f}"] {
                #expect(throws: PowerSecrets.Problem.notASecret) { try secrets.keep(bad, for: .group("all")) }
            }
            #expect(try secrets.first(of: owners)?.text == "everybody's")
        }
    }

    @Test func aFileThatOthersCanReadIsRefused() throws {
        try withSecrets { secrets, directory in
            try secrets.keep("own", for: .group("all"))
            var status = stat()
            #expect(stat("\(directory)/group-all", &status) == 0 && status.st_mode & 0o777 == 0o600)
            chmod("\(directory)/group-all", 0o640)
            #expect(throws: PowerSecrets.Problem.openToOthers(path: "\(directory)/group-all")) {
                try secrets.first(of: [.group("all")])
            }
        }
    }
}
