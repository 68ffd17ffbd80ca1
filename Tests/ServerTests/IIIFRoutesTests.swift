import Codecs
import Foundation
import Pipeline
import Raster
import Server
import Testing

/// Sizes, parts and errors of the two standard views of a pyramid, on a frame of 700 × 600.
@Suite struct IIIFRoutesTests {
    @Test func `parts, sizes, turns and formats are what the standard says`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Views")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let base = "\(project)/iiif/\(image)"
            let redirect = try await api.send("GET", base, expect: 303)
            #expect(redirect[header: "location"]?.hasSuffix("\(base)/info.json") == true)
            let info = try await api.send("GET", base + "/info.json").json
            #expect(info["width"] == 700 && info["height"] == 600 && info["profile"] == "level2" && info["type"] == "ImageService3")

            for (request, width, height) in [
                ("full/max/0/default.jpg", 700, 600), ("square/max/0/color.png", 600, 600), ("10,20,300,200/max/0/default.png", 300, 200),
                ("600,500,300,200/max/0/default.png", 100, 100), ("pct:50,50,50,50/max/0/default.png", 350, 300), ("full/350,/0/default.jpg", 350, 300),
                ("full/,60/0/default.png", 70, 60), ("full/33,77/0/gray.png", 33, 77), ("full/!100,100/0/default.png", 100, 86),
                ("full/pct:10/0/bitonal.png", 70, 60), ("full/^1400,/0/default.png", 1400, 1200), ("full/100,50/90/default.png", 50, 100),
                ("full/100,50/!270/default.jpg", 50, 100), ("full/1,600/0/default.png", 1, 600), ("full/^16384,1/0/default.jpg", 16384, 1), ("0,0,512,512/max/0/default.jpg", 512, 512), ("0,0,1,1/max/180/default.png", 1, 1),
            ] {
                let answer = try await api.send("GET", "\(base)/\(request)")
                let header = try ImageFile.header(bytes: answer.body, name: request)
                #expect(header.width == width && header.height == height, "\(request): \(header.width) × \(header.height)")
                #expect(answer[header: "content-type"] == (request.hasSuffix("png") ? "image/png" : "image/jpeg"))
            }
            for request in [
                "full/701,/0/default.jpg", "full/0,/0/default.jpg", "full/!701,701/0/default.png", "700,0,10,10/max/0/default.png", "0,0,0,10/max/0/default.png",
                "full/max/abc/default.jpg", "full/max/361/default.jpg", "full/max/-90/default.jpg", "full/max/0/native.jpg", "full/max/0/default.gif",
                "1,2,3/max/0/default.jpg", "nan,0,1,1/max/0/default.jpg", "full/^999999999,/0/default.jpg", "full/1e3,/0/default.jpg", "full/^16385,1/0/default.jpg", "full/!,5/0/default.jpg",
            ] {
                #expect(try await api.send("GET", "\(base)/\(request)", expect: 400).code == "iiif.invalid", "\(request)")
            }
            #expect(try await api.send("GET", base + "/full/max/45/default.jpg", expect: 501).code == "iiif.unsupported")
            try await api.send("GET", "\(project)/iiif/999/info.json", expect: 404)
            // One whole tile comes as it is stored.
            let tile = try await api.send("GET", "\(project)/blobs/\(image)/tiles/1/0/0.jpg")
            #expect(try await api.send("GET", base + "/0,0,512,512/512,512/0/default.jpg").body == tile.body)
        }
    }

    @Test func `turning a part equals turning its pixels, shrinking keeps the mean`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Views")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let base = "\(project)/iiif/\(image)"
            func gray(_ request: String) async throws -> Image<UInt8> {
                guard case .gray8(let pixels) = try ImageFile.decode(bytes: try await api.send("GET", "\(base)/\(request)").body, name: request) else {
                    throw ClientError(text: "\(request) is not gray")
                }
                return pixels
            }
            let part = try await gray("200,300,120,80/max/0/gray.png")
            let turned = try await gray("200,300,120,80/max/90/gray.png")
            let mirrored = try await gray("200,300,120,80/max/!180/gray.png")
            #expect(turned.width == 80 && turned.height == 120)
            for (x, y) in [(0, 0), (119, 0), (3, 79), (60, 40), (119, 79)] {
                #expect(turned[79 - y, x] == part[x, y])
                #expect(mirrored[x, 79 - y] == part[x, y])
            }
            func mean(_ image: Image<UInt8>) -> Double { image.withBuffer { $0.reduce(0.0) { $0 + Double($1) } } / Double(image.width * image.height) }
            let (small, odd) = (try await gray("200,300,120,80/30,20/0/gray.png"), try await gray("200,300,120,80/37,23/0/gray.png"))
            #expect(abs(mean(small) - mean(part)) < 1.5 && abs(mean(odd) - mean(part)) < 1.5)
        }
    }

    @Test func `Deep Zoom levels go down to one pixel`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Views")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let base = "\(project)/blobs/\(image)"
            let text = try await api.send("GET", base + ".dzi").text
            #expect(text.contains("TileSize=\"512\"") && text.contains("<Size Width=\"700\" Height=\"600\"/>"))
            // 700 halves ten times.
            for (tile, width, height) in [("10/0_0", 512, 512), ("10/1_1", 188, 88), ("9/0_0", 350, 300), ("8/0_0", 175, 150), ("1/0_0", 2, 2), ("0/0_0", 1, 1)] {
                let header = try ImageFile.header(bytes: try await api.send("GET", "\(base)_files/\(tile).jpg").body, name: tile)
                #expect(header.width == width && header.height == height, "\(tile): \(header.width) × \(header.height)")
            }
            for tile in ["11/0_0", "10/2_0", "9/1_0", "0/0_1", "-1/0_0", "x/0_0", "9/0", "99999999999999999999/0_0", "-9223372036854775808/0_0", "+3/0_0", "007/0_0", "9/00_0"] {
                #expect(try await api.send("GET", "\(base)_files/\(tile).jpg", expect: 404).code == "tile.unknown")
            }
        }
    }
}
