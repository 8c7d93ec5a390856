import ArgumentParser
import CapsuleFormat
import CapsuleStore
import Foundation

struct CapsuleKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Keeps the keys that sign capsules.",
        discussion: """
            Nodes trust the keys that stage 1 carries, which are those that were trusted here when it was built. So a key \
            is changed without a gap like this:

              perseid capsule key rotate --prepare     the next key is made and trusted
              perseid stage1 build                     stage 1 carries both; nodes get it with their next boot
              perseid capsule key rotate               what is built from now on is signed with it
              perseid capsule build NAME               for each capsule that is in use
              perseid capsule key retire OLD           and `perseid stage1 build` once more
            """,
        subcommands: [KeyList.self, KeyRotate.self, KeyRetire.self, KeyExpire.self])
}

struct KeyList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the keys and what they signed.")

    @OptionGroup var state: StateOption

    func run() throws {
        var table = TextTable(columns: [.left, .left, .left, .left])
        table.add(["KEY", "ROLE", "EXPIRES", "SIGNED"])
        for key in try state.open().openCapsules().storedKeys() {
            let expires = key.expires.map { Date(timeIntervalSince1970: Double($0)).ISO8601Format() } ?? "-"
            let signed = key.generations.prefix(8).map(\.description).joined(separator: " ")
            table.add([
                key.id.text, key.role.rawValue, expires,
                signed + (key.generations.count > 8 ? " and \(key.generations.count - 8) more" : ""),
            ])
        }
        print(table.text, terminator: "")
    }
}

struct KeyRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Signs with another key from now on; the old one stays trusted.")

    @OptionGroup var state: StateOption
    @Flag(help: "Only make the next key and trust it, for the stage 1 that is built next.")
    var prepare = false

    func run() throws {
        let store = try state.open().openCapsules()
        try store.makeSigningKey()
        if prepare {
            print("key \(try store.prepareNextKey()) is trusted; build stage 1 again, and rotate when nodes have it")
            return
        }
        let (old, new) = try store.rotateSigningKey()
        print("key \(new) signs from now on; \(old) stays trusted until you retire it. Build stage 1 again")
    }
}

struct KeyRetire: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Trusts a key no more.",
        discussion: "Nodes trust it until they boot a stage 1 that is built after this.")

    @OptionGroup var state: StateOption
    @Argument(help: "The key, 16 hexadecimal digits.")
    var key: String

    func validate() throws { _ = try KeyID.validated(key) }

    func run() throws {
        let id = try KeyID.validated(key)
        try state.open().openCapsules().retire(id)
        print("key \(id) is retired; build stage 1 again")
    }
}

struct KeyExpire: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expire", abstract: "Lets a key's signatures count for some days more.",
        discussion: "Nodes know of it from the stage 1 on that is built after this, and go by their own clock.")

    @OptionGroup var state: StateOption
    @Argument(help: "The key, 16 hexadecimal digits.")
    var key: String
    @Option(name: .customLong("in"), help: "Days from now; 0 is now.")
    var days: Int

    func validate() throws {
        _ = try KeyID.validated(key)
        guard (0...36_500).contains(days) else { throw ValidationError("--in takes 0 to 36500 days") }
    }

    func run() throws {
        let id = try KeyID.validated(key)
        let end = Int64(Date().timeIntervalSince1970) + Int64(days) * 86_400
        try state.open().openCapsules().expire(id, at: end)
        print("key \(id) counts until \(Date(timeIntervalSince1970: Double(end)).ISO8601Format()); build stage 1 again")
    }
}

extension KeyID {
    fileprivate static func validated(_ text: String) throws -> KeyID {
        guard let id = KeyID(text) else { throw ValidationError("`\(text)` is no key: 16 digits of 0-9a-f") }
        return id
    }
}
