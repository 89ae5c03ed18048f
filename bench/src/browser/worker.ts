/** The worker through which Flowport's store writes, for the candidate with `access: 'worker'`. */
import { serveOpfsWrites } from '@flowport/presets/opfs-browser'

serveOpfsWrites()
