/** The example app with only its Workers profile, so that the Worker's bundle contains only that profile's presets. */
import { defineApp } from '@flowport/flow'
import { about, flows } from './flows.ts'
import { workers } from './workers-profile.ts'

export default defineApp({ ...about, flows, profiles: { workers } })
