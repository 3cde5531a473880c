@echo off
rem The command line of an installed Potluck. Without arguments, and for join links, it opens the app; everything else runs without a
rem desktop, on Electron's own Node. No parentheses: the path may have some, as that of "Program Files (x86)" has.
setlocal DisableDelayedExpansion
set "APP=%~dp0..\..\Potluck.exe"
set "FIRST=%~1"
if not defined FIRST goto desktop
if /i "%FIRST%"=="--hidden" goto desktop
if /i "%FIRST:~0,8%"=="potluck:" goto desktop
if not exist "%APP%" goto node
set "ELECTRON_RUN_AS_NODE=1"
"%APP%" "%~dp0..\dist\potluck.mjs" %*
exit /b %ERRORLEVEL%

:desktop
if not exist "%APP%" goto nowhere
set "ELECTRON_RUN_AS_NODE="
start "" "%APP%" %*
exit /b 0

:node
where /q node
if errorlevel 1 goto nonode
node "%~dp0potluck.cjs" %*
exit /b %ERRORLEVEL%

:nonode
echo potluck: "%APP%" is not there, and there is no node in PATH; install Node 22.13 or later 1>&2
exit /b 1

:nowhere
echo potluck: "%APP%" is not there; without the app run "potluck --headless --peer", see --help 1>&2
exit /b 1
