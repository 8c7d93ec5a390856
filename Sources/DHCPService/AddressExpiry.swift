import BootProtocols
import PacketIO

/// An address with the time when it is free again; outdated once its holder has another time.
struct AddressExpiry: Deadlined, Hashable, Sendable {
    /// Milliseconds since 1970.
    var expires: Int64
    var address: IPv4Address

    var deadline: Int64 { expires }
}
