public import BootProtocols
import Glibc
import PacketCapture

/// Seeds out of the captures of real clients.
public enum Captures {
    /// All frames of all captures. The directory is named by `PERSEID_FUZZ_CAPTURES`.
    public static func frames() -> [[UInt8]] {
        guard let variable = getenv("PERSEID_FUZZ_CAPTURES"), let directory = opendir(variable) else { return [] }
        defer { closedir(directory) }
        var frames: [[UInt8]] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".pcap") else { continue }
            let path = "\(String(cString: variable))/\(name)"
            frames += ((try? CaptureFile.frames(of: path)) ?? []).map(\.bytes)
        }
        return frames
    }

    /// The UDP payloads to or from a port that `isWanted`, those alike in length and first bytes only once.
    public static func payloads(where isWanted: (UDPHeader) -> Bool) -> [[UInt8]] {
        let datagrams = frames().compactMap { try? UDPFrame(decoding: $0) }
        return distinct(datagrams.filter { isWanted($0.udp) }.map { Array($0.payload) })
    }

    /// Of a transfer's hundreds of blocks a few are enough.
    public static func distinct(_ inputs: [[UInt8]]) -> [[UInt8]] {
        var seen: Set<[UInt8]> = []
        return inputs.filter { seen.insert([UInt8(truncatingIfNeeded: $0.count)] + $0.prefix(2)).inserted }
    }
}
