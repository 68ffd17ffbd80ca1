import NIOHTTP1

/// `GET /api/projects/{user}/{project}/blobs/{image}/tiles/{z}/{x}/{y}` without a body and with no query but layer and v, read
/// without decoding: anything encoded or unusual is left to the router.
struct TileRequest: Equatable {
    /// "user/project".
    let project: Substring
    let image: Int64
    let isCorrected: Bool
    /// The query's `v`.
    let name: Substring?
    let z: Int
    let x: Int
    let y: Int

    init?(_ head: HTTPRequestHead) {
        guard head.method == .GET, head.version == .http1_1, head.uri.hasPrefix(Self.start) else { return nil }
        for field in ["content-length", "transfer-encoding", "connection", "expect", "range"] where head.headers.contains(name: field) {
            // "Connection: keep-alive" is what everybody means anyway.
            if field == "connection", head.headers[field].allSatisfy({ $0.lowercased() == "keep-alive" }) { continue }
            return nil
        }
        self.init(head.uri)
    }

    init?(_ uri: String) {
        guard uri.hasPrefix(Self.start), !uri.utf8.contains(UInt8(ascii: "%")) else { return nil }
        let halves = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].dropFirst(Self.start.count).split(separator: "/", omittingEmptySubsequences: false)
        // user, project, blobs, image, tiles, z, x, y
        guard parts.count == 8, parts[2] == "blobs", parts[4] == "tiles", let image = Self.number(parts[3]), let z = Self.number(parts[5]),
            let x = Self.number(parts[6]), let y = Self.number(parts[7].hasSuffix(".jpg") ? parts[7].dropLast(4) : parts[7])
        else { return nil }
        project = uri[parts[0].startIndex..<parts[1].endIndex]
        (self.image, self.z, self.x, self.y) = (Int64(image), z, x, y)
        var (layer, name): (Substring?, Substring?)
        for pair in halves.count == 2 ? halves[1].split(separator: "&", omittingEmptySubsequences: false) : [] {
            if pair.hasPrefix("layer="), layer == nil {
                layer = pair.dropFirst(6)
            } else if pair.hasPrefix("v="), name == nil {
                name = pair.dropFirst(2)
            } else {
                return nil
            }
        }
        guard layer == nil || layer == "original" || layer == "corrected" else { return nil }
        isCorrected = layer == "corrected"
        self.name = name
    }

    /// Where the tile's numbers begin in the address that this was read from, in bytes.
    func numbersStart(in uri: String) -> Int? {
        let parts = uri.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 3 ? uri.utf8.distance(from: uri.startIndex, to: parts[parts.count - 3].startIndex) : nil
    }

    private static let start = "/api/projects/"

    /// As the router takes numbers of tiles and images: up to nine digits, no zero before others.
    static func number(_ text: Substring) -> Int? {
        let digits = text.utf8
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.count == 1 || digits.first != 0x30 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
