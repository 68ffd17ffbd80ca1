import Assets
import HTTPTypes
import Hummingbird
import NIOCore

/// The browser side, as it lies in the binary: compressed for clients that take it, plain for the others.
struct AssetFiles: Sendable {
    /// `/` is the start page.
    func file(_ segments: [String]) -> Assets.File? {
        Assets.file(segments.isEmpty ? "index.html" : segments.joined(separator: "/"))
    }

    /// 200 or 304. Names carry no version, so a browser asks each time and mostly hears 304.
    func response(_ file: Assets.File, _ request: HTTPFields) -> Response {
        let usesGzip = file.gzip != nil && Self.accepts("gzip", request)
        let etag = usesGzip ? "\"\(file.etag)-gz\"" : "\"\(file.etag)\""
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.cacheControl] = "no-cache"
        if file.gzip != nil { headers[.vary] = "Accept-Encoding" }
        // A 304 renews the stored headers too, so it must carry the policy of the page.
        if file.contentType.hasPrefix("text/html") { headers[.contentSecurityPolicy] = SecurityHeaders.pagePolicy }
        if EntityTag.matches(etag, request) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = file.contentType
        if usesGzip { headers[.contentEncoding] = "gzip" }
        let bytes = usesGzip ? file.gzip! : file.identity
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Accept-Encoding with its weights (RFC 9110 12.5.3): listed, or "*", with a weight above 0.
    static func accepts(_ coding: String, _ request: HTTPFields) -> Bool {
        var star = false
        for field in request[values: .acceptEncoding] {
            for item in field.lowercased().split(separator: ",") {
                let parts = item.filter { $0 != " " }.split(separator: ";")
                guard let name = parts.first else { continue }
                let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
                if name == coding { return weight > 0 }
                if name == "*" { star = weight > 0 }
            }
        }
        return star
    }
}
