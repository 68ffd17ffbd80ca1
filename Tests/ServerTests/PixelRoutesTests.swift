import Codecs
import Foundation
import Pipeline
import Raster
import Server
import Testing

/// What the viewer shows of an image besides its stored tiles: first views, windows, histograms, values.
@Suite struct PixelRoutesTests {
    private static let deep: Image<UInt16> = {
        let pixels: [UInt16] = (0..<420_000).map { index in
            let (x, y) = (index % 700, index / 700)
            return UInt16(10_000 + 3 * x + y)
        }
        return Image<UInt16>(width: 700, height: 600, pixels: pixels)
    }()
    private static let color: Image<BGR<UInt8>> = {
        let pixels: [BGR<UInt8>] = (0..<6300).map { index in
            let (x, y) = (index % 90, index / 90)
            return BGR(blue: UInt8(x), green: UInt8(2 * y), red: 200)
        }
        return Image<BGR<UInt8>>(width: 90, height: 70, pixels: pixels)
    }()

    private func tile(_ api: Described, _ path: String) async throws -> AnyImage {
        try ImageFile.decode(bytes: try await api.send("GET", path).body, name: path)
    }

    private func list(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let values) = value { values } else { [] }
    }

    @Test func `values and histograms are those of the file, of turned pictures too`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Values")
            let image = try await api.upload(try PNGWriter.encode(.gray16(Self.deep)), name: "deep.png", to: project)
            let values = try await api.send("GET", "\(project)/blobs/\(image)/pixels?x=698&y=-1&width=5&height=3").json
            #expect(values["x"] == 698 && values["y"] == 0 && values["width"] == 2 && values["height"] == 2 && values["channels"] == ["gray"])
            #expect(values["values"] == [[[12_094, 12_097], [12_095, 12_098]]])
            let whole = try await api.send("GET", "\(project)/blobs/\(image)/histogram").json
            let channel = try #require(list(whole["channels"]).first)
            #expect(whole["bits"] == 16 && channel["name"] == "gray")
            let (low, high) = (try #require(channel["low"]?.numberValue), try #require(channel["high"]?.numberValue))
            #expect(low < 10_020 && high > 12_670)
            #expect(list(channel["counts"]).count == 256)

            var metadata = FileMetadata()
            metadata.exif.orientation = 6
            let turned = try await api.upload(try ImageFile.encode(.color8(Self.color), as: .tiff, metadata: metadata), name: "turned.tif", to: project)
            let upright = Self.color.oriented(6)
            let part = try await api.send("GET", "\(project)/blobs/\(turned)/pixels?x=10&y=20&width=2&height=1").json
            #expect(part["channels"] == ["red", "green", "blue"])
            for (index, value) in [\BGR<UInt8>.red, \.green, \.blue].enumerated() {
                let (first, second) = (Double(upright[10, 20][keyPath: value]), Double(upright[11, 20][keyPath: value]))
                #expect(list(list(list(part["values"])[index])[0]).compactMap(\.numberValue) == [first, second])
            }
            for query in ["pixels", "pixels?width=34&height=1", "pixels?x=700&width=1&height=1", "histogram?x=0&y=600"] {
                #expect(try await api.send("GET", "\(project)/blobs/\(image)/\(query)", expect: 422).code == "value.invalid")
            }
            for query in ["pixels?x=a", "histogram?width=0"] { #expect(try await api.send("GET", "\(project)/blobs/\(image)/\(query)", expect: 400).code == "query.invalid") }
            try await api.send("GET", "\(project)/blobs/99/histogram", expect: 404)
        }
    }

    @Test func `tiles go through window, gamma, inversion and colours`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Display")
            let gray = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            // Ground 220, discs 60.
            for (query, disc, ground) in [("min=0&max=255", 60, 220), ("min=60&max=220", 0, 255), ("invert=1", 195, 35), ("gamma=2", 124, 237), ("min=0&max=110", 139, 255)] {
                guard case .gray8(let pixels) = try await tile(api, "\(project)/blobs/\(gray)/tiles/1/0/0?\(query)") else { Issue.record("not gray"); continue }
                #expect(abs(Int(pixels[120, 100]) - disc) <= 3 && abs(Int(pixels[10, 10]) - ground) <= 3, "\(query)")
            }
            guard case .color8(let tinted) = try await tile(api, "\(project)/blobs/\(gray)/tiles/1/0/0?channels=00FF00") else { Issue.record("not colour"); return }
            #expect(abs(Int(tinted[10, 10].green) - 220) <= 4 && tinted[10, 10].red <= 4)
            let etags = try await ["", "?gamma=2", "?gamma=3"].asyncMap { try await api.send("GET", "\(project)/blobs/\(gray)/tiles/1/0/0\($0)")[header: "etag"] }
            #expect(Set(etags).count == 3)
            #expect(try await api.send("GET", "\(project)/blobs/\(gray)/tiles/1/0/0?gamma=2", [("If-None-Match", try #require(etags[1]))], expect: 304).body.isEmpty)
            for query in ["min=a", "gamma=0", "gamma=11", "invert=2", "channels=12345", "channels=FF0000,-,-,-", "min=5&max=5", "max=1e9"] {
                #expect(try await api.send("GET", "\(project)/blobs/\(gray)/tiles/1/0/0?\(query)", expect: 400).code == "query.invalid", "\(query)")
            }

            // A window of 100 gray levels, of which an 8-bit tile of the whole range would keep one.
            let deep = try await api.upload(try PNGWriter.encode(.gray16(Self.deep)), name: "deep.png", to: project)
            for attempt in 0..<1200 {
                let answer = try await api.send("GET", "\(project)/blobs/\(deep)/tiles/1/0/0?min=10000&max=10255")
                guard answer[header: "etag"] != nil else {
                    #expect(answer[header: "cache-control"] == "no-store" && attempt < 1199)
                    try await Task.sleep(for: .milliseconds(50))
                    continue
                }
                guard case .gray8(let pixels) = try ImageFile.decode(bytes: answer.body, name: "tile") else { Issue.record("not gray"); return }
                for x in [10, 40, 70] { #expect(abs(Int(pixels[x, 5]) - (3 * x + 5)) <= 4) }
                break
            }
        }
    }

    @Test func `an image whose pyramid was deleted is shown at once, then sharply, and events tell`() async throws {
        try await withServer { _, client, folder in
            let api = try await Described(client)
            let project = try await api.project("Early")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let sharp = try await api.send("GET", "\(project)/blobs/\(image)/tiles/1/0/0")
            let place = folder + project.dropFirst("/api/projects".count)
            _ = try await api.send("PATCH", project, json: #"{"settings":{"losslessPyramids":false}}"#)
            #expect(try await api.send("GET", project).json["settings"]?["losslessPyramids"] == false)
            for file in FileManager.default.enumerator(atPath: place)?.allObjects as? [String] ?? [] where file.contains("/pyramids/") {
                try FileManager.default.removeItem(atPath: place + "/" + file)
            }
            // The server forgets an image that was changed, and finds no file.
            _ = try await api.send("PATCH", "\(project)/blobs/\(image)", json: #"{"metadata":{"net":"1"}}"#)
            let first = try await api.send("GET", "\(project)/blobs/\(image)/tiles/1/0/0")
            #expect(first[header: "cache-control"] == "no-store" && first[header: "etag"] == nil)
            guard case .gray8(let coarse) = try ImageFile.decode(bytes: first.body, name: "tile") else { Issue.record("not gray"); return }
            #expect(coarse.width == 512 && coarse[120, 100] < 80 && coarse[10, 10] > 200)
            for attempt in 0..<1200 {
                let later = try await api.send("GET", "\(project)/blobs/\(image)/tiles/1/0/0")
                if later[header: "etag"] != nil {
                    #expect(later.body == sharp.body)
                    break
                }
                #expect(attempt < 1199)
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test func `a pyramid of another size than the image's is built anew`() async throws {
        try await withServer { _, client, folder in
            let api = try await Described(client)
            let project = try await api.project("Changed")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            _ = try await api.upload(try PNGWriter.encode(.color8(Self.color)), name: "small.png", to: project)
            let sharp = try await api.send("GET", "\(project)/blobs/\(image)/tiles/1/0/0").body
            let place = folder + project.dropFirst("/api/projects".count)
            let files = (FileManager.default.enumerator(atPath: place)?.allObjects as? [String] ?? []).filter { $0.contains("/pyramids/") && $0.hasSuffix(".tif") }
            let own = try #require(try await api.send("GET", "\(project)/blobs/\(image)").json["uid"]?.stringValue)
            let mine = try #require(files.first { $0.contains(own) })
            let other = try #require(files.first { !$0.contains(own) })
            try Data(contentsOf: URL(fileURLWithPath: place + "/" + other)).write(to: URL(fileURLWithPath: place + "/" + mine))
            // The server forgets an image that was changed.
            _ = try await api.send("PATCH", "\(project)/blobs/\(image)", json: #"{"metadata":{"net":"1"}}"#)
            for attempt in 0..<1200 {
                let later = try await api.send("GET", "\(project)/blobs/\(image)/tiles/1/0/0")
                if later[header: "etag"] != nil {
                    #expect(later.body == sharp)
                    break
                }
                #expect(attempt < 1199)
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<Result>(_ change: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await change(element)) }
        return results
    }
}
