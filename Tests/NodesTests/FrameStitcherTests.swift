import Codecs
import Foundation
import Nodes
import Operations
import Raster
import Testing

/// Parts of a work one after the other.
struct PlainWork: ParallelWork {
    func concurrently<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] {
        var results: [Result] = []
        for item in items { results.append(try await body(item)) }
        return results
    }

    func progress(_ done: Int, of total: Int) throws {}
}

/// A scan over a drawn field: frames at known places, a few pixels off a grid.
struct DrawnScan {
    let images: [AnyImage]
    let truth: [Displacement]
    let cells: [StitchPrior.Cell]
    let width: Int
    let height: Int

    struct Style {
        var perMegapixel = 150.0
        var vignetting = 0.25
        var noise = 3.0
        var jitter = 8.0
        var overlap = 0.1
        var exposure = 0.05
        /// Fine structure of the background, in gray levels.
        var texture = 0.0
        var isColor = false
    }

    init(rows: Int, columns: Int, width: Int, height: Int, seed: UInt64, style: Style = Style()) {
        var random = ScanRandom(seed)
        let (stepX, stepY) = (Double(width) * (1 - style.overlap), Double(height) * (1 - style.overlap))
        let (fieldWidth, fieldHeight) = (Int(stepX * Double(columns)) + width, Int(stepY * Double(rows)) + height)
        var field = Image<UInt8>(width: fieldWidth, height: fieldHeight, repeating: 200)
        for _ in 0..<Int(style.perMegapixel * Double(fieldWidth * fieldHeight) / 1e6) {
            let (cx, cy, radius, depth) = (random.unit() * Double(fieldWidth), random.unit() * Double(fieldHeight), 3 + 9 * random.unit(), 50 + 100 * random.unit())
            let (aspect, turn) = (1 + random.unit(), random.unit() * 3)
            for y in max(0, Int(cy - 2 * radius))..<min(fieldHeight, Int(cy + 2 * radius) + 1) {
                for x in max(0, Int(cx - 2 * radius))..<min(fieldWidth, Int(cx + 2 * radius) + 1) {
                    let (dx, dy) = (Double(x) - cx, Double(y) - cy)
                    let (a, b) = (dx * cos(turn) + dy * sin(turn), (dy * cos(turn) - dx * sin(turn)) * aspect)
                    if a * a + b * b < radius * radius { field[x, y] = UInt8(max(5, 200 - depth)) }
                }
            }
        }
        if style.texture > 0 {
            field.withMutableBuffer { pixels in for index in pixels.indices { pixels[index] = UInt8(max(0, min(255, Double(pixels[index]) + style.texture * random.normal()))) } }
        }
        var (images, truth, cells): ([AnyImage], [Displacement], [StitchPrior.Cell]) = ([], [], [])
        for row in 0..<rows {
            for column in 0..<columns {
                let x = Int((Double(column) * stepX + Double(width) * 0.05 + style.jitter * (2 * random.unit() - 1)).rounded())
                let y = Int((Double(row) * stepY + Double(height) * 0.05 + style.jitter * (2 * random.unit() - 1)).rounded())
                let (left, top, gain) = (max(0, x), max(0, y), 1 + style.exposure * (2 * random.unit() - 1))
                func level(_ px: Int, _ py: Int) -> UInt8 {
                    let (u, v) = (2 * Double(px) / Double(width) - 1, 2 * Double(py) / Double(height) - 1)
                    let light = gain * (1 - style.vignetting * (u * u + v * v) / 2)
                    return UInt8(max(0, min(255, Double(field[left + px, top + py]) * light + style.noise * random.normal() + 0.5)))
                }
                let gray = Image<UInt8>(width: width, height: height) { pixels in for py in 0..<height { for px in 0..<width { pixels[py * width + px] = level(px, py) } } }
                images.append(style.isColor ? .color8(Image(width: width, height: height, pixels: gray.withBuffer { $0.map { BGR(blue: $0, green: $0, red: $0 / 2) } })) : .gray8(gray))
                truth.append(Displacement(x: Double(left), y: Double(top)))
                cells.append(.init(row: row, column: column))
            }
        }
        (self.images, self.truth, self.cells, self.width, self.height) = (images, truth, cells, width, height)
    }

    var input: StitchInput { DrawnScan.input(images) }

    static func input(_ images: [AnyImage]) -> StitchInput {
        StitchInput(
            frames: images.enumerated().map { .init(name: "frame\($0).png", width: $1.width, height: $1.height, channels: $1.channels, bitsPerSample: $1.bitsPerSample) },
            pixels: { images[$0] }, rows: { MemoryRowReader(images[$0], format: .png) })
    }

    /// Distance of each frame from its true place, once both agree on the whole; nil for frames without a place.
    func errors(_ stitched: StitchedFrames) -> [Double?] {
        let known = stitched.positions.indices.filter { stitched.states[$0] == .measured }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        guard !known.isEmpty else { return stitched.positions.map { _ in nil } }
        let (mx, my) = (median(known.map { stitched.positions[$0]!.x - truth[$0].x }), median(known.map { stitched.positions[$0]!.y - truth[$0].y }))
        return zip(stitched.positions, truth).map { position, place in position.map { ($0 - place - Displacement(x: mx, y: my)).length } }
    }
}

struct ScanRandom {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func unit() -> Double {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Double(state >> 11) / Double(1 << 53)
    }

    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + unit() } }
}

@Suite struct FrameStitcherTests {
    private func stitch(_ scan: DrawnScan, _ prior: StitchPrior? = nil, _ settings: StitchSettings = StitchSettings()) async throws -> StitchedFrames {
        try await FrameStitcher(scan.input, prior: prior ?? .grid(scan.cells), settings: settings, work: PlainWork()).layout()
    }

    @Test func `a grid with a tenth of overlap, noise, vignetting and changing exposure comes out within half a pixel`() async throws {
        // As many particles as it takes that every frame shares at least one with a neighbour.
        var style = DrawnScan.Style()
        style.perMegapixel = 300
        let scan = DrawnScan(rows: 4, columns: 5, width: 400, height: 300, seed: 1, style: style)
        let stitched = try await stitch(scan)
        #expect(stitched.states.allSatisfy { $0 == .measured })
        for (index, error) in scan.errors(stitched).enumerated() { #expect(try #require(error) < 0.5, "frame \(index)") }
    }

    @Test func `sparse particles on an empty ground, dust and all, are enough`() async throws {
        var style = DrawnScan.Style()
        (style.perMegapixel, style.noise) = (70, 2.5)
        let scan = DrawnScan(rows: 4, columns: 4, width: 480, height: 360, seed: 8, style: style)
        let stitched = try await stitch(scan)
        let errors = scan.errors(stitched)
        let measured = stitched.states.indices.filter { stitched.states[$0] == .measured }
        // Overlaps here hold about one particle. Those of frames 0 and 1 with the others and all of frame 12 hold none at all: the grid places them.
        #expect(measured == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15])
        for index in measured { #expect(try #require(errors[index]) < 1, "frame \(index)") }
        for index in errors.indices where !measured.contains(index) { #expect(try #require(errors[index]) < 20) }
    }

    @Test func `stage positions do, in any order, and frames far off the stage's word are not believed`() async throws {
        let scan = DrawnScan(rows: 3, columns: 4, width: 400, height: 300, seed: 12)
        var random = ScanRandom(4)
        let stage = scan.truth.map { Displacement(x: 5000 + $0.x + 12 * (random.unit() - 0.5), y: -300 + $0.y + 12 * (random.unit() - 0.5)) }
        let stitched = try await stitch(scan, .positions(stage, tolerance: 15))
        #expect(stitched.states.allSatisfy { $0 == .measured }, "\(stitched.states)")
        for error in scan.errors(stitched) { #expect(try #require(error) < 0.5) }
    }

    @Test func `frames in no known order find each other; one that shows something else is listed`() async throws {
        let scan = DrawnScan(rows: 3, columns: 3, width: 400, height: 300, seed: 21, style: { var style = DrawnScan.Style(); style.overlap = 0.2; return style }())
        let stranger = DrawnScan(rows: 1, columns: 1, width: 400, height: 300, seed: 77).images[0]
        let order = [4, 0, 8, 2, 6, 1, 7, 3, 5]
        let images = order.map { scan.images[$0] } + [stranger]
        let stitched = try await FrameStitcher(DrawnScan.input(images), prior: .none, settings: StitchSettings(), work: PlainWork()).layout()
        #expect(stitched.states.prefix(9).allSatisfy { $0 == .measured } && stitched.states[9] == .none, "\(stitched.states)")
        #expect(stitched.reasons[9]?.contains("fits no other frame") == true, "\(stitched.reasons)")
        let origin = try #require(stitched.positions[1]) - scan.truth[0]
        for (place, index) in order.enumerated() {
            let position = try #require(stitched.positions[place])
            #expect((position - scan.truth[index] - origin).length < 0.7)
        }
    }

    @Test func `a blank frame in a grid lies where the grid has it, or is left out on demand`() async throws {
        var scan = DrawnScan(rows: 3, columns: 3, width: 400, height: 300, seed: 5)
        var images = scan.images
        images[4] = DrawnScan(rows: 1, columns: 1, width: 400, height: 300, seed: 6, style: { var style = DrawnScan.Style(); style.perMegapixel = 0; return style }()).images[0]
        scan = DrawnScan(images: images, like: scan)
        let stitched = try await stitch(scan)
        #expect(stitched.states[4] == .expected && stitched.states.filter { $0 == .measured }.count == 8)
        #expect(try #require(scan.errors(stitched)[4]) < 14)
        var settings = StitchSettings()
        settings.wantsOnlyMeasured = true
        let strict = try await stitch(scan, nil, settings)
        #expect(strict.states[4] == .none && strict.reasons[4]?.contains("nothing in its overlaps could be matched") == true)
        #expect(strict.boxes[4] == nil && strict.boxes.compactMap(\.self).count == 8)
    }

    @Test func `an arrangement that the overlaps contradict is warned of`() async throws {
        var style = DrawnScan.Style()
        style.perMegapixel = 300
        let scan = DrawnScan(rows: 3, columns: 4, width: 400, height: 300, seed: 12, style: style)
        let right = try await stitch(scan)
        #expect(right.warnings.isEmpty && right.support.map { $0.implied == 17 && $0.matched >= 15 } == true, "\(right.warnings)")
        // Told to go in one direction, but taken to and fro; told in rows of six; counted from below: there half of all neighbours fit.
        let told: [[StitchPrior.Cell]] = [
            [0, 1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11].map { scan.cells[$0] }, (0..<12).map { .init(row: $0 / 6, column: $0 % 6) },
            scan.cells.map { .init(row: 2 - $0.row, column: $0.column) },
        ]
        for cells in told {
            let wrong = try await stitch(scan, .grid(cells))
            #expect(wrong.warnings.count == 1 && wrong.warnings[0].contains("neighbours by the arrangement"), "\(wrong.warnings)")
            #expect(StitchTable.json(wrong)["warnings"] != nil)
        }
    }

    @Test(arguments: [("synthetic-mosaic", 12, 0.5), ("real-mosaic", 16, 0.5), ("stitch-brain", 18, 2)])
    func `real frames in no known order find their places where they share anything`(name: String, placed: Int, limit: Double) async throws {
        let table = name == "stitch-brain" ? ("oracle/stitch_positions.csv", "row", "col") : ("\(name)/offsets.csv", "true_row", "true_col")
        guard let set = try shared(name, table.0, table.1, table.2) else { return }
        let stitched = try await FrameStitcher(set.input, prior: .none, settings: StitchSettings(), work: PlainWork()).layout()
        #expect(stitched.states.filter { $0 == .measured }.count >= placed, "\(stitched.reasons)")
        for error in errors(stitched, set.truth) { if let error { #expect(error < limit) } }
    }

    @Test func `a frame that cannot be read or is of another kind is left out with its reason`() async throws {
        let scan = DrawnScan(rows: 2, columns: 3, width: 300, height: 240, seed: 3)
        var images = scan.images
        images[2] = .gray16(Image(width: 300, height: 240, repeating: 900))
        let list = images
        let input = StitchInput(
            frames: DrawnScan.input(images).frames,
            pixels: { index throws in
                if index == 5 { throw CodecError.truncated(file: "frame5.png", row: 7) }
                return list[index]
            }, rows: { MemoryRowReader(list[$0], format: .png) })
        let stitched = try await FrameStitcher(input, prior: .grid(scan.cells), settings: StitchSettings(), work: PlainWork()).layout()
        #expect(stitched.reasons[2]?.contains("1 channels of 16 bits") == true && stitched.reasons[5]?.contains("frame5.png") == true)
        #expect([0, 1, 3, 4].allSatisfy { stitched.states[$0] == .measured })
    }

    @Test func `little memory gives the same places`() async throws {
        let scan = DrawnScan(rows: 3, columns: 4, width: 300, height: 240, seed: 31)
        var settings = StitchSettings()
        settings.memory = 300_000
        #expect(try await stitch(scan, nil, settings).positions == stitch(scan).positions)
    }

    @Test(arguments: [0, 1])
    func `no frame, or one`(count: Int) async throws {
        let images = Array(DrawnScan(rows: 1, columns: 1, width: 60, height: 50, seed: 1).images.prefix(count))
        for prior in [StitchPrior.none, .grid(images.map { _ in .init(row: 0, column: 0) })] {
            let stitched = try await FrameStitcher(DrawnScan.input(images), prior: prior, settings: StitchSettings(), work: PlainWork()).layout()
            #expect(stitched.states == images.map { _ in .measured })
        }
    }

    // MARK: real frames

    private func shared(_ set: String, _ table: String, _ row: String, _ column: String) throws -> (input: StitchInput, cells: [StitchPrior.Cell], truth: [Displacement])? {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("shared/data").path
        guard let text = try? String(contentsOfFile: "\(folder)/\(table)", encoding: .utf8) else {
            FileHandle.standardError.write(Data("SKIPPED: no \(table) in \(folder)\n".utf8))
            return nil
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        func place(_ name: String) -> Int { lines[0].firstIndex(of: name)! }
        let rows = Array(lines.dropFirst())
        let files = rows.map { "\(folder)/\(set)/\($0[place("file")])" }
        let frames = try files.map { file -> StitchInput.Frame in
            let header = try ImageFile.header(path: file)
            return .init(name: String(file.split(separator: "/").last!), width: header.width, height: header.height, channels: header.channels, bitsPerSample: header.bitsPerSample)
        }
        return (
            StitchInput(frames: frames, pixels: { try ImageFile.decode(path: files[$0]) }, rows: { try ImageFile.rows(path: files[$0]) }),
            rows.map { .init(row: Int($0[place("grid_row")])!, column: Int($0[place("grid_col")])!) },
            rows.map { Displacement(x: Double($0[place(column)])!, y: Double($0[place(row)])!) }
        )
    }

    private func errors(_ stitched: StitchedFrames, _ truth: [Displacement]) -> [Double?] {
        let known = stitched.states.indices.filter { stitched.states[$0] == .measured }
        func middle(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
        let (mx, my) = (middle(known.map { stitched.positions[$0]!.x - truth[$0].x }), middle(known.map { stitched.positions[$0]!.y - truth[$0].y }))
        return stitched.positions.indices.map { index in stitched.positions[index].map { ($0 - truth[index] - Displacement(x: mx, y: my)).length } }
    }

    @Test func `tiles of a brain section, sixteen bits and strong shading, lie within two pixels of the stored places`() async throws {
        guard let set = try shared("stitch-brain", "oracle/stitch_positions.csv", "row", "col") else { return }
        let stitched = try await FrameStitcher(set.input, prior: .grid(set.cells), settings: StitchSettings(), work: PlainWork()).layout()
        #expect(stitched.states.allSatisfy { $0 == .measured })
        for error in errors(stitched, set.truth) { #expect(try #require(error) < 2) }
    }

    @Test(arguments: ["synthetic-mosaic", "real-mosaic"])
    func `frames cut from a known picture lie within a pixel, as far as their overlaps show anything`(name: String) async throws {
        guard let set = try shared(name, "\(name)/offsets.csv", "true_row", "true_col") else { return }
        let stitched = try await FrameStitcher(set.input, prior: .grid(set.cells), settings: StitchSettings(), work: PlainWork()).layout()
        let known = stitched.states.indices.filter { stitched.states[$0] == .measured }
        // Of the real one, three frames have overlaps without contents.
        #expect(known.count >= set.truth.count - 3)
        for (index, error) in errors(stitched, set.truth).enumerated() { #expect(try #require(error) < (known.contains(index) ? 1 : 25)) }
    }
}

extension DrawnScan {
    /// The same scan with other pixels.
    init(images: [AnyImage], like other: DrawnScan) { (self.images, truth, cells, width, height) = (images, other.truth, other.cells, other.width, other.height) }
}
