/// What an offer holds beside the address: the form that one kind of client boots from.
public enum OfferShape: Hashable, Sendable {
    /// An address and no boot fields: for the agent, whose plan comes by HTTP, and for all who do not
    /// boot from the network.
    case address
    /// Address and `siaddr`: for a loader that has its file names from elsewhere, as GRUB has.
    case nextServer
    /// A loader by TFTP, named in `file` and option 67.
    case loader(String)
    /// The same for UEFI's PXE: with 60 = `PXEClient` **and** 43.6 = 8, "boot this file at once". With 60
    /// alone EDK2 would ask again on port 4011; without both, other firmware waits for a proxy's offer.
    case pxeLoader(String)
    /// The same with 60 and without 43: the client asks again on port 4011 and takes the file from there ("BINL").
    case binlLoader(String)
    /// A loader for UEFI's HTTP boot: 60 = `HTTPClient` and a URL (UEFI 2.10, 24.7).
    case httpLoader(String)
    /// iPXE's script for this MAC, by HTTP, and 175.176 = 1: do not wait 2 s for a proxy's offer.
    case scriptByHTTP
    /// The same by TFTP, for an iPXE that knows no HTTP.
    case scriptByTFTP
    /// A PXE menu with the one entry that a Raspberry Pi's ROM boots by; its files it names itself.
    case raspberryPiMenu(entry: String)
    /// Nothing here that this client could boot, and why. It is not answered: another server may have more.
    case refused(String)

    /// The same shape with another file in it.
    func naming(_ file: String) -> OfferShape {
        switch self {
        case .loader: .loader(file)
        case .pxeLoader: .pxeLoader(file)
        case .binlLoader: .binlLoader(file)
        case .httpLoader: .httpLoader(file)
        case .address, .nextServer, .scriptByHTTP, .scriptByTFTP, .raspberryPiMenu, .refused: self
        }
    }
}
