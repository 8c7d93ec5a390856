/// One row of the fingerprint table: how a kind of client is told, and the offer that it needs.
public struct ClientFingerprint: Hashable, Sendable {
    /// The kinds of programs that ask for addresses.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case ipxe, httpFirmware, pxeFirmware, biosROM, raspberryPi, uBoot, grub, agent, system
    }

    public let kind: Kind
    public let when: ClientCondition
    public let offer: OfferShape

    /// The row that a client falls under: the first whose condition holds; the last row takes all.
    public static func matching(_ client: ClientTraits, giving loader: BootLoader = .ipxe) -> ClientFingerprint {
        (tables[loader] ?? []).first { $0.when.holds(for: client) } ?? rest
    }
}
