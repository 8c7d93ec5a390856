/// Why a capture file cannot be read or written.
public enum CaptureError: Error, Hashable, Sendable {
    /// libpcap could not open the file: missing, not readable, or not a capture.
    case cannotOpen(path: String, reason: String)
    /// The file holds frames of another link type than Ethernet.
    case notEthernet(path: String, linkType: String)
    /// The file breaks off or is damaged after `frames` good frames.
    case broken(path: String, frames: Int, reason: String)
    /// The file cannot be made, or not to its end.
    case cannotWrite(path: String, reason: String)
}

extension CaptureError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "capture \(path) cannot be opened: \(reason)"
        case .notEthernet(let path, let linkType): "capture \(path) has frames of type \(linkType), not Ethernet"
        case .broken(let path, let frames, let reason): "capture \(path) is broken after \(frames) frames: \(reason)"
        case .cannotWrite(let path, let reason): "capture \(path) cannot be written: \(reason)"
        }
    }
}
