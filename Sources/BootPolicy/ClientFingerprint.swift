/// One row of the fingerprint table: how a kind of client is told, and the offer that it needs.
///
/// `docs/clients.md` explains each row under the same name.
public struct ClientFingerprint: Hashable, Sendable {
    /// The kinds of programs that ask for addresses.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case ipxe, httpFirmware, pxeFirmware, biosROM, raspberryPi, uBoot, grub, agent, system
    }

    /// Of the row, unlike that of any other: `UEFI PXE, arm64`.
    public let name: String
    public let kind: Kind
    public let when: ClientCondition
    /// What it gets. Where `files` is not empty, the file that is named here gives way to the one that is there.
    let offer: OfferShape
    /// For clients whose loaders do not come with the server: it needs one of these, by preference.
    let files: [String]

    init(_ name: String, _ kind: Kind, when: ClientCondition, offer: OfferShape, files: [String] = []) {
        self.name = name
        self.kind = kind
        self.when = when
        self.offer = offer
        self.files = files
    }

    /// The row that a client falls under: the first whose condition holds; the last row takes all.
    public static func matching(_ client: ClientTraits, giving loader: BootLoader = .ipxe) -> ClientFingerprint {
        (tables[loader] ?? []).first { $0.when.holds(for: client) } ?? rest
    }

    /// The offer of a server that has the files of `present` beside its own.
    func offer(having present: Set<String>) -> OfferShape {
        guard !files.isEmpty else { return offer }
        guard let file = files.first(where: present.contains) else {
            if files.contains(Self.arm64Kernel) {
                return .refused(
                    "there is no \(Self.arm64Kernel): make it with `perseid stage1 build --architecture arm64`")
            }
            let names = files.joined(separator: " or ")
            return .refused("there is no loader for it: put \(names) into the directory `loaders` of the state")
        }
        return offer.naming(file)
    }
}
