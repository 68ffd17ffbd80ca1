import Demo
import Operations
import Raster

/// Filters, thresholds and illumination on a drawn frame of 40 megapixels (7,296 × 5,472), as in the peers' scripts.
func filterBenchmarks(_ benchmark: Benchmark) throws {
    let (width, height) = (7296, 5472)
    let pixels = Double(width * height)
    let scene = DemoScene(frame: 0, width: width, height: height).image
    let gray = scene.gray()
    func run(_ name: String, repeats: Int = 5, _ body: () throws -> Void) rethrows {
        try benchmark.run(name, items: pixels, per: 1e6, unit: "MP", repeats: repeats, body)
    }

    run("gray of 40 MP colour") { _ = scene.gray() }
    run("histogram 40 MP") { _ = gray.histogram() }
    try run("Otsu 40 MP, histogram and mask") { _ = gray.mask(darkerThanOrEqual: try gray.otsuLevel()) }
    run("Gaussian 40 MP, sigma side / 8") { _ = gray.gaussianBlurred(sigma: Double(height) / 8) }
    for sigma in [2.0, 7.9, 8, 32] { run("Gaussian 40 MP, sigma \(sigma)", repeats: 3) { _ = gray.gaussianBlurred(sigma: sigma) } }
    run("Gaussian 40 MP colour, sigma 32", repeats: 3) { _ = scene.gaussianBlurred(sigma: 32) }
    for radius in [2, 50] { run("box mean 40 MP, radius \(radius)", repeats: 3) { _ = gray.boxBlurred(radius: radius) } }
    for block in [31, 301] {
        try run("local mean 40 MP, block \(block)", repeats: 3) { _ = try gray.mask(darkerThanLocal: .mean, block: block, offset: 10) }
        try run("local Gaussian 40 MP, block \(block)", repeats: 3) { _ = try gray.mask(darkerThanLocal: .gaussian, block: block, offset: 10) }
    }
    try run("area 40 MP to 1/4", repeats: 3) { _ = try gray.resized(width: width / 4, height: height / 4) }
    try run("area 40 MP to 0.37", repeats: 3) { _ = try gray.resized(width: width * 37 / 100, height: height * 37 / 100) }
    try run("bilinear 40 MP to 0.37", repeats: 3) { _ = try gray.resized(width: width * 37 / 100, height: height * 37 / 100, .bilinear) }
    for orientation in [3, 6] { run("orientation \(orientation) 40 MP", repeats: 3) { _ = gray.oriented(orientation) } }
    let flat = gray.gaussianBlurred(sigma: Double(height) / 8)
    try run("flat field 40 MP, 8 bits by 8 bits") { _ = try gray.divided(by: flat, scale: 200) }
    try run("Gaussian flat field 40 MP, estimate and divide", repeats: 3) { _ = try GaussianFlatField(estimating: gray, sigma: 100).apply(to: gray) }
    try run("blank frame 40 MP, divide", repeats: 3) { _ = try BlankFrame(.gray8(flat)).apply(to: .gray8(gray), by: .divide) }
    run("vignetting 40 MP, estimate and divide", repeats: 3) { _ = VignettingCorrection(estimating: gray).apply(to: gray) }

    let part = gray.cropped(to: Rect(x: 1000, y: 1000, width: 3000, height: 2000))
    let deep = part.mapped { UInt16($0) << 8 | UInt16($0 &* 37) }
    func runPart(_ name: String, _ body: () throws -> Void) rethrows {
        try benchmark.run(name, items: 6e6, per: 1e6, unit: "MP", repeats: 3, body)
    }
    for radius in [1, 2, 5, 50] {
        runPart("median 6 MP, 8 bits, radius \(radius)") { _ = part.medianFiltered(radius: radius) }
        runPart("median 6 MP, 16 bits, radius \(radius)") { _ = deep.medianFiltered(radius: radius) }
    }
    runPart("vignetting 6 MP, estimate and divide") { _ = VignettingCorrection(estimating: part).apply(to: part) }
    try runPart("median of 9 frames of 6 MP") {
        var stack = MedianBackground()
        for _ in 0..<9 { try stack.add(.gray8(part)) }
        _ = stack.image
    }
    try runPart("mean of 9 frames of 6 MP") {
        var stack = MeanBackground()
        for _ in 0..<9 { try stack.add(.gray8(part)) }
        _ = stack.image
    }
}
